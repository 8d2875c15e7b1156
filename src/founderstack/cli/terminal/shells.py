"""Completion for bash, zsh and fish: each asks the command that is being typed what may come next.

`:files` and `:folders` leave it to the shell. Names that the stack knows are never run as code: no word passes through
`compgen -W`, which would expand it.
"""

from __future__ import annotations

_BASH = """\
# Completion of Founder Stack for bash.
_founder() {
    local word current="${COMP_WORDS[COMP_CWORD]}"
    [[ $current != "=" ]] || current=
    COMPREPLY=()
    while IFS= read -r word; do
        case $word in
            :files) compopt -o default ;;
            :folders) compopt -o default -o dirnames ;;
            "$current"*) COMPREPLY+=("$word") ;;
        esac
    done < <("${COMP_WORDS[0]}" completion --words "${COMP_WORDS[@]:1:COMP_CWORD-1}" 2>/dev/null)
}
complete -F _founder founder ./founder
"""
_ZSH = """\
#compdef founder
# Completion of Founder Stack for zsh.
_founder() {
    local -a said
    said=("${(@f)$("${words[1]}" completion --words "${(@)words[2,CURRENT-1]}" 2>/dev/null)}")
    case ${said[1]} in
        :files) _files ;;
        :folders) _files -/ ;;
        *) compadd -a said ;;
    esac
}
if [[ ${funcstack[1]} == _founder ]]; then _founder "$@"; else compdef _founder founder; fi
"""
_FISH = """\
# Completion of Founder Stack for fish.
function __founder_words
    set -l typed (commandline -opc)
    set -l said ($typed[1] completion --words $typed[2..-1] 2>/dev/null)
    switch "$said[1]"
        case :files
            __fish_complete_path (commandline -ct)
        case :folders
            __fish_complete_directories (commandline -ct)
        case '*'
            printf '%s\\n' $said
    end
end
complete -c founder -f -a '(__founder_words)'
"""
SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}
