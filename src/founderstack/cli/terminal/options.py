"""Options of the verbs: one way to declare them, in the reader's language."""

from __future__ import annotations

import argparse
import gettext
from typing import NoReturn, TypeVar

from founderstack import locale
from founderstack.cli.table import VERBS
from founderstack.cli.terminal.events import OPTION
from founderstack.cli.terminal.kinds import FILE, Kind
from founderstack.cli.terminal.typed import _, typed
from founderstack.model.errors import EXIT_USAGE, StackError
from founderstack.world.os import ambient

_ActionT = TypeVar("_ActionT", bound=argparse.Action)


class Parser(argparse.ArgumentParser):
    """argparse with our errors for wrong usage, and a name in the reader's language for each `Kind`."""

    def _add_action(self, action: _ActionT) -> _ActionT:
        if isinstance(action.type, Kind):
            action.metavar = action.metavar or _(action.type.word)
        return super()._add_action(action)

    def error(self, message: str) -> NoReturn:
        """Raise StackError: whoever asked for JSON gets that."""
        text = message[:1].upper() + message[1:]
        near = self._near(message)
        see = _("See: {command}").format(command=f"{self.prog} --help")
        raise StackError(
            text,
            " ".join(self.format_usage().split()),
            _("Did you mean “{name}”?").format(name=near) if near else see,
            exit_code=EXIT_USAGE,
        )

    def _near(self, message: str) -> str:
        """The option or word that comes nearest to one that the message names, "" where none does."""
        from difflib import get_close_matches

        words = [str(choice) for action in self._actions for choice in action.choices or ()]
        known = [*self._option_string_actions, *words]
        named = [word.strip("'\"“”,:()").partition("=")[0] for word in message.split()]
        found = [get_close_matches(word, known, n=1) for word in named if word not in known]
        return next((near[0] for near in found if near), "")

    def apart(self, given: argparse.Namespace, one: str, *others: str) -> None:
        """Raise StackError where `one` was given together with another option that says something else."""
        for other in others:
            if self._has(given, one) and self._has(given, other):
                raise StackError(
                    _("{one} and {other} do not go together").format(
                        one=self._shown(given, one), other=self._shown(given, other)
                    ),
                    _("One of the two would say nothing."),
                    _("Leave one of them out, or run two commands."),
                    exit_code=EXIT_USAGE,
                )

    def only_with(self, given: argparse.Namespace, context: str, *options: str, there: bool | None = None) -> None:
        """Raise StackError for those of `options` that belong to a `context`, option or word, that is missing."""
        there = self._has(given, context) if there is None else there
        for option in options:
            if not there and self._has(given, option):
                raise StackError(
                    _("{option} says nothing here").format(option=self._shown(given, option)),
                    _("It belongs to: {context}").format(context=context),
                    _("Leave it out, or see what it is for: {command}").format(command=f"{self.prog} --help"),
                    exit_code=EXIT_USAGE,
                )

    def _has(self, given: argparse.Namespace, name: str) -> bool:
        """Whether something was given for an option, or for a word by the name that the help shows."""
        action = self._named(name)
        value = getattr(given, action.dest)
        return bool(value) and value != action.default

    def _named(self, name: str) -> argparse.Action:
        """The action of an option, or of a word by the name under which it is read."""
        (found,) = [action for action in self._actions if name in (action.option_strings or (action.dest,))]
        return found

    def _shown(self, given: argparse.Namespace, name: str) -> str:
        """An option as it is written, or the words that were given for a name."""
        if name.startswith("-"):
            return name
        words = getattr(given, name)
        return words if isinstance(words, str) else " ".join(words)


class _Help(argparse.HelpFormatter):
    """Examples stay on lines of their own, and a path with a percent sign in a text is only a path."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(super(_Help, self)._fill_text(line, width, indent) for line in text.splitlines())

    def _get_help_string(self, action: argparse.Action) -> str | None:
        return action.help and action.help.replace("%", "%%")


def parser(verb: str, *, stack: bool = True, yes: bool = False, as_json: bool = False, example: str = "") -> Parser:
    """A parser with the options that this verb shares with others."""
    _translate_argparse()
    made = Parser(
        prog=typed(f"founder {verb}"),
        description=_(VERBS[verb]),
        epilog=_epilog(example),
        allow_abbrev=False,
        formatter_class=_Help,
    )
    made.add_argument("--debug", action="store_true", help=_("show where an unexpected error came from"))
    if stack:
        made.add_argument(
            "--file", type=FILE, default="", help=_("the stack file (default: founder.toml here or above)")
        )
    if yes:
        made.add_argument("--yes", "-y", action="store_true", help=_("do not ask"))
        made.add_argument(OPTION, action="store_true", help=_("tell each step as a line of JSON, for programs"))
    if as_json:
        made.add_argument("--json", action="store_true", help=_("for machines"))
    return made


def _epilog(example: str) -> str | None:
    """One example, or several on lines of their own."""
    lines = [typed(line) for line in example.splitlines()]
    if len(lines) > 1:
        return "\n".join([_("Examples:"), *lines])
    return _("Example: {command}").format(command=lines[0]) if lines else None


def _translate_argparse() -> None:
    """argparse asks gettext's global domain; ours holds its few texts as well."""
    ambient.speak(locale.language())
    gettext.bindtextdomain(locale.DOMAIN, locale.FOLDER)
    gettext.textdomain(locale.DOMAIN)
