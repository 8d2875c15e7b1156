"""What a word of a command line can name: how the help calls it, and what Tab offers for it."""

from __future__ import annotations

from dataclasses import dataclass

from founderstack.locale import N_


@dataclass(frozen=True)
class Kind:
    """Given to argparse as the `type` of an argument."""

    name: str
    """What `cli/completing.py` looks up, "" where `words` are all that can be offered."""
    word: str
    """What stands for it in the help, English."""
    words: tuple[str, ...] = ()
    """What can be offered without a look at the stack."""

    def __call__(self, text: str) -> str:
        """The text as it was given; whether it names something is for the verb to say."""
        return text


FILE = Kind("file", N_("FILE"))
FOLDER = Kind("folder", N_("FOLDER"))
SERVICE = Kind("service", N_("SERVICE"))
LOG = Kind("service", N_("SERVICE"), ("build",))
ADDRESS = Kind("address", N_("WHAT"))
COMPONENT = Kind("component", N_("COMPONENT"))
SET = Kind("set", N_("SET"))
SECRET = Kind("secret", N_("SECRET"))
ADDRESSEE = Kind("addressee", N_("NAME"))


def one_of(word: str, *words: str) -> Kind:
    """One of some words, where others may be right too; `word` is English."""
    return Kind("", word, words)
