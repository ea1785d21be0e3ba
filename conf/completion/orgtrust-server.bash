# bash completion of orgtrust-server.
_orgtrust_server() {
    # shellcheck disable=SC2034 # _init_completion sets it
    local split
    local cur prev words cword candidates
    _init_completion -s || return
    case $prev in
    --db | --from | --tls-cert | --tls-key) _filedir && return ;;
    --role) candidates='admin read' ;;
    --upload-rules) candidates='any hosted' ;;
    --listen | --metrics | --max-certificates | --rate-limit | --connections-per-address | --name | --id | --expires | --to) return ;;
    *)
        case $cword:${words[1]}:${words[2]-} in
        1:*) candidates=$(_parse_help orgtrust-server)$'\nkey\nproject\nmigrate' ;;
        2:key:*) candidates='create list revoke' ;;
        2:project:*) candidates='create list' ;;
        *:migrate:*) candidates='--from --to' ;;
        *:key:create) candidates='--db --role --name --expires' ;;
        *:project:create) candidates='--db --name --id' ;;
        *:key:* | *:project:*) candidates=--db ;;
        *) candidates=$(_parse_help orgtrust-server) ;;
        esac
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$candidates" -- "$cur")
}
complete -F _orgtrust_server orgtrust-server
