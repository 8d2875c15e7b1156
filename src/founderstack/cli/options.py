"""Options of the verbs: one way to declare them, in the reader's language."""

from __future__ import annotations

import argparse
import gettext
from typing import NoReturn

from founderstack import locale
from founderstack.cli.table import VERBS
from founderstack.cli.telling import OPTION
from founderstack.locale import _
from founderstack.model.errors import EXIT_USAGE
from founderstack.world import ambient


class Parser(argparse.ArgumentParser):
    """argparse with our exit code for wrong usage."""

    def error(self, message: str) -> NoReturn:
        self.print_usage()
        self.exit(EXIT_USAGE, f"founder: {message}\n")


def parser(verb: str, *, stack: bool = True, yes: bool = False, as_json: bool = False, example: str = "") -> Parser:
    """A parser with the options that this verb shares with others."""
    _translate_argparse()
    made = Parser(prog=f"founder {verb}", description=_(VERBS[verb]), epilog=_epilog(example), allow_abbrev=False)
    made.add_argument("--debug", action="store_true", help=_("show where an unexpected error came from"))
    if stack:
        made.add_argument("--file", default="", help=_("the stack file (default: founder.toml here or above)"))
    if yes:
        made.add_argument("--yes", "-y", action="store_true", help=_("do not ask"))
        made.add_argument(OPTION, action="store_true", help=_("tell each step as a line of JSON, for programs"))
    if as_json:
        made.add_argument("--json", action="store_true", help=_("for machines"))
    return made


def _epilog(example: str) -> str | None:
    return _("Example: {command}").format(command=example) if example else None


def _translate_argparse() -> None:
    """argparse asks gettext's global domain; ours holds its few texts as well."""
    ambient.speak(locale.language())
    gettext.bindtextdomain(locale.DOMAIN, locale.FOLDER)
    gettext.textdomain(locale.DOMAIN)
