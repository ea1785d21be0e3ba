# fish completion of orgtrust-server.
set -l server complete -c orgtrust-server
set -l key __fish_seen_subcommand_from key
set -l done __fish_seen_subcommand_from create list revoke
$server -f
$server -n __fish_is_first_token -a key -d 'make, list and revoke keys'
$server -n "$key; and not $done" -a create -d 'make a key and print it, this once'
$server -n "$key; and not $done" -a list -d 'all keys, without what is secret'
$server -n "$key; and not $done" -a revoke -d 'make a key worthless, at once'
$server -n '__fish_seen_subcommand_from create' -l role -xa 'admin read' -d 'what the key may do'
$server -n '__fish_seen_subcommand_from create' -l name -x -d 'what to call the key'
$server -l db -rF -d 'the database'
$server -n "not $key" -l listen -x -d 'where to listen; port 0 takes a free one'
$server -n "not $key" -l tls-cert -rF -d 'serve HTTPS with this certificate (PEM, chain behind it)'
$server -n "not $key" -l tls-key -rF -d 'and its private key (PEM)'
$server -n "not $key" -l max-certificates -x -d 'how many the organization may hold'
$server -n "not $key" -l upload-rules -xa 'any hosted' -d 'take any certificate, or what the hosted API takes'
$server -n "not $key" -l rate-limit -x -d 'how many requests a second each key may send'
$server -n "not $key" -l connections-per-address -x -d 'how many connections an address may have'
$server -n "not $key" -l log -d 'a line for every request to standard error'
$server -n "not $key" -l help -d 'this text'
$server -n "not $key" -l version -d 'the version'
