#compdef orgtrust-server
# zsh completion of orgtrust-server.
if ((CURRENT == 2)) || [[ $words[2] != (key|project|migrate) ]]; then
    _arguments '1:command:(key project migrate)' \
        '--db[the database: a file, or postgresql\://...]:file:_files' \
        '--listen[where to listen; port 0 takes a free one]:host and port:' \
        '--tls-cert[serve HTTPS with this certificate (PEM, chain behind it)]:file:_files' \
        '--tls-key[and its private key (PEM)]:file:_files' \
        '--max-certificates[how many the organization may hold]:number:' \
        '--upload-rules[take any certificate, or what the hosted API takes]:rules:(any hosted)' \
        '--rate-limit[how many requests a second each key may send]:number:' \
        '--connections-per-address[how many connections an address may have]:number:' \
        '--metrics[where /metrics, /healthz and /readyz are, without a key]:address:' \
        '--no-console[no page for people at /console/]' \
        '--log[a line for every request to standard error]' \
        '--help[this text]' '--version[the version]'
    return
fi
case $CURRENT:$words[2]:$words[3] in
3:key:*) _values command 'create[make a key and print it, this once]' \
    'list[all keys, without what is secret]' 'revoke[make a key worthless, at once]'; return ;;
3:project:*) _values command 'create[make a project and print its id]' \
    'list[all projects]'; return ;;
*:key:create) set -- '--role[everything, or list and get]:role:(admin read)' \
    '--name[what to call the key]:name:' '--expires[when the key ends, such as 90d]:time:' ;;
*:project:create) set -- '--name[what to call the project]:name:' \
    '--id[the id that it gets]:id:' ;;
*:migrate:*)
    shift words
    ((CURRENT -= 1))
    _arguments '--from[the organization, a file]:file:_files' \
        '--to[where to\: postgresql\://...]:database:'
    return ;;
esac
shift 2 words
((CURRENT -= 2))
_arguments '--db[the database]:file:_files' "$@"
