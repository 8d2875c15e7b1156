"""What `founder restore` asks on its way: each question has an option that answers it, for scripts."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from founderstack.cli.terminal import questions
from founderstack.cli.terminal.render import paint
from founderstack.cli.terminal.typed import _
from founderstack.model.errors import EXIT_AUTH_NEEDED, EXIT_PRECONDITION, StackError
from founderstack.model.sql import identifier
from founderstack.model.vault import LeftoverCopy
from founderstack.operations.stack.step_report import megabytes
from founderstack.planner.backups.restore import staged


@dataclass(frozen=True)
class TerminalAnswers:
    """Asks whoever sits at the terminal; else the command ends with the one that goes on."""

    arguments: Sequence[str]
    """Of the command, as they were given."""
    yes: bool
    """Nobody sits there."""
    replace: bool
    """Copies of an earlier restore may go."""
    in_psql: Callable[..., str]
    """Makes the command by which the database's superuser says something."""

    def replace_copies(self, copies: Sequence[LeftoverCopy]) -> None:
        """Name them, and ask; raises StackError where they shall stay."""
        if self.replace:
            return
        told = [_told(copy) for copy in copies]
        if not self.yes:
            for line in told:
                print(f"  {paint('~', 'yellow', sys.stderr)} {line}", file=sys.stderr)
            if questions.agreed(_("An earlier restore has left this. Replace it? [y/N] ")):
                return
        keep = _("To keep it under another name: {command}").format(command=self._renaming(copies[0]))
        raise StackError(
            _("A copy of an earlier restore is there already"),
            "\n".join(told),
            _("To replace it: {command}").format(command=self._again("--replace")) + "\n  " + keep,
            exit_code=EXIT_PRECONDITION,
        )

    def without_safety(self, problem: StackError) -> None:
        """Say why none can be taken and what that means, and ask; raises StackError where nothing shall be replaced."""
        lost = _("Without one, nothing brings back what is replaced and in no backup.")
        if not self.yes:
            print(f"{paint('✗', 'red', sys.stderr)} {problem.summary}\n  {lost}", file=sys.stderr)
            if questions.agreed(_("Go on without a safety set? [y/N] ")):
                return
        raise StackError(
            _("Nothing was replaced: no safety set can be taken"),
            f"{problem.summary}\n{lost}",
            problem.fix
            + "\n  "
            + _("To go on without one: {command}").format(command=self._again("--without-safety-set")),
            exit_code=EXIT_AUTH_NEEDED,
        )

    def _again(self, option: str) -> str:
        return shlex.join(["founder", "restore", *self.arguments, option])

    def _renaming(self, one: LeftoverCopy) -> str:
        day = f"{datetime.fromtimestamp(one.at, UTC):%Y%m%d}"
        if one.kind == "files":
            return shlex.join(["mv", one.name, f"{one.name}-{day}"])
        name = identifier(staged(one.name, f"_{day}"))
        return self.in_psql(f"ALTER DATABASE {identifier(one.name)} RENAME TO {name};")


def _told(one: LeftoverCopy) -> str:
    text = _("database {name}") if one.kind == "database" else _("files in {name}")
    at = datetime.fromtimestamp(one.at, UTC)
    made = _("made {when:%Y-%m-%d %H:%M} UTC").format(when=at) if one.at else _("nobody knows when it was made")
    return f"{text.format(name=one.name)}: {made}, {megabytes(one.bytes)}"
