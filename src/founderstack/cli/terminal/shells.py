"""Completion for bash, zsh and fish: each asks the command that is being typed what may come next."""

from __future__ import annotations

_BASH = """\
# Completion of Founder Stack for bash.
_founder() {
    local words="$("${COMP_WORDS[0]}" completion --words "${COMP_WORDS[@]:1:COMP_CWORD-1}" 2>/dev/null)"
    COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _founder founder ./founder
"""
_ZSH = """\
#compdef founder
# Completion of Founder Stack for zsh.
_founder() { compadd -- ${(f)"$("${words[1]}" completion --words "${words[@]:1:CURRENT-2}" 2>/dev/null)"} }
compdef _founder founder
"""
_FISH = """\
# Completion of Founder Stack for fish.
complete -c founder -f -a '(founder completion --words (commandline -opc)[2..-1] 2>/dev/null)'
"""
SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}
