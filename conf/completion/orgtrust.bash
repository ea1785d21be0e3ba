# bash completion of orgtrust, which knows itself what may stand where.

# bare: a word without its quotes, in which nothing is expanded; quote: the one that is
# still open; kept: how much of it readline leaves as it is.
_orgtrust_read() {
    local rest=$1 char broken=0
    bare='' kept=0 quote=''
    while [[ -n $rest ]]; do
        char=${rest:0:1} rest=${rest:1}
        if [[ $char == "$quote" ]]; then
            quote='' kept=$broken
        elif [[ -z $quote && $char == [\'\"] ]]; then
            quote=$char kept=${#bare}
        elif [[ $char == \\ && ($quote == '' || $quote$rest == \"[\\\"\$\`]*) ]]; then
            bare+=${rest:0:1} rest=${rest:1}
        else
            bare+=$char
            [[ -n $quote || $COMP_WORDBREAKS != *"$char"* ]] || broken=${#bare} kept=${#bare}
        fi
    done
}

# As it has to be written, within the quotes that are open. In double quotes `!` would ask
# for the history; and readline closes none behind what it takes for one that does.
_orgtrust_quote() {
    case $quote in
    \') word=${word//\'/\'\\\'\'} ;;
    \")
        word=${word//\\/\\\\} word=${word//\"/\\\"} word=${word//\$/\\\$}
        word=${word//\`/\\\`} word=${word//!/\"\\!\"}
        ;;
    *) printf -v word %q "$word" ;;
    esac
    [[ -z $quote || $word != *"$quote" ]] || word+=$quote
}

_orgtrust() {
    # shellcheck disable=SC2034 # _init_completion sets it
    local prev
    local cur words cword bare kept quote line word before=() answer=()
    _init_completion -n =:@ || return # it completes the files of redirections
    for word in "${words[@]:1:cword-1}"; do
        _orgtrust_read "$word"
        before+=("$bare")
    done
    _orgtrust_read "$cur"
    mapfile -t answer < <(command orgtrust complete "${before[@]}" "$bare" 2>/dev/null </dev/null)
    case ${answer-} in
    $'\tfiles') compopt -o default ;;
    $'\tdirectories') compopt -o dirnames ;;
    $'\tprograms') mapfile -t answer < <(compgen -c -- "$bare") ;;
    esac
    for line in "${answer[@]}"; do
        word=${line%%$'\t'*}
        [[ -n $word && $word == "$bare"* ]] || continue
        if [[ $COMP_TYPE == 63 ]]; then # only shown
            word=${line/$'\t'/  (}\)
            word=${word%  ()}
        else
            word=${word:kept}
            _orgtrust_quote
        fi
        COMPREPLY+=("$word")
    done
}
complete -F _orgtrust orgtrust
