#compdef orgtrust
# zsh completion of orgtrust, which knows itself what may stand where.
local line
local -a answer offered
answer=("${(@f)$(command orgtrust complete "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" \
    2>/dev/null </dev/null)}")
case $answer[1] in
$'\tfiles') compset -P '--[^=]#='; _files ;;
$'\tdirectories') _files -/ ;;
$'\tprograms') _command_names -e ;;
?*)
    for line in "${(@)answer}"; do
        line=${${line//\\/\\\\}//:/\\:}
        offered+=("${${line/$'\t'/:}%:}")
    done
    _describe orgtrust offered
    ;;
*) return 1 ;;
esac
