# fish completion of orgtrust, which knows itself what may stand where.
function __orgtrust_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    set -l answer (command orgtrust complete $words[2..] "$word" 2>/dev/null </dev/null)
    switch "$answer[1]"
        case \tfiles
            complete -C "'' $word" # those that fish offers to a command it does not know
        case \tprograms
            complete -C "$word"
        case \tdirectories
            complete -C "'' $word" | string match -r '.*/$'
        case '*'
            string join -- \n $answer
    end
end
complete -c orgtrust -f -a '(__orgtrust_complete)'
