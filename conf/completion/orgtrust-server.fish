# fish completion of orgtrust-server.
set -l server complete -c orgtrust-server
set -l key __fish_seen_subcommand_from key
set -l project __fish_seen_subcommand_from project
set -l group __fish_seen_subcommand_from key project migrate
set -l migrate __fish_seen_subcommand_from migrate
set -l create __fish_seen_subcommand_from create
set -l done __fish_seen_subcommand_from create list revoke
$server -f
$server -n __fish_is_first_token -a key -d 'make, list and revoke keys'
$server -n __fish_is_first_token -a project -d 'make and list projects'
$server -n __fish_is_first_token -a migrate -d 'move an organization to PostgreSQL'
$server -n "$migrate" -l from -rF -d 'the organization, a file'
$server -n "$migrate" -l to -x -d 'where to: postgresql://...'
$server -n "$key; and not $done" -a create -d 'make a key and print it, this once'
$server -n "$key; and not $done" -a list -d 'all keys, without what is secret'
$server -n "$key; and not $done" -a revoke -d 'make a key worthless, at once'
$server -n "$project; and not $done" -a create -d 'make a project and print its id'
$server -n "$project; and not $done" -a list -d 'all projects'
$server -n "$key; and $create" -l role -xa 'admin read' -d 'what the key may do'
$server -n "$key; and $create" -l name -x -d 'what to call the key'
$server -n "$key; and $create" -l expires -x -d 'when the key ends, such as 90d'
$server -n "$project; and $create" -l name -x -d 'what to call the project'
$server -n "$project; and $create" -l id -x -d 'the id that it gets'
$server -n "not $migrate" -l db -rF -d 'the database: a file, or postgresql://...'
$server -n "not $group" -l listen -x -d 'where to listen; port 0 takes a free one'
$server -n "not $group" -l tls-cert -rF -d 'serve HTTPS with this certificate (PEM, chain behind it)'
$server -n "not $group" -l tls-key -rF -d 'and its private key (PEM)'
$server -n "not $group" -l max-certificates -x -d 'how many the organization may hold'
$server -n "not $group" -l upload-rules -xa 'any hosted' -d 'take any certificate, or what the hosted API takes'
$server -n "not $group" -l rate-limit -x -d 'how many requests a second each key may send'
$server -n "not $group" -l connections-per-address -x -d 'how many connections an address may have'
$server -n "not $group" -l metrics -x -d 'where /metrics, /healthz and /readyz are, without a key'
$server -n "not $group" -l no-console -d 'no page for people at /console/'
$server -n "not $group" -l log -d 'a line for every request to standard error'
$server -n "not $group" -l help -d 'this text'
$server -n "not $group" -l version -d 'the version'
