"""Keys that somebody has on paper or in a file: read from there, from the environment, or typed unseen."""

from __future__ import annotations

from founderstack.cli.terminal import questions
from founderstack.cli.terminal.typed import _
from founderstack.model.errors import EXIT_USAGE, StackError
from founderstack.world.os import ambient, files


def key_of(file: str) -> str:
    """The key of the backups: of a file, as `age-keygen` writes it too, of the environment, or typed unseen."""
    if file:
        content = files.read_text(file)
        if content is None:
            raise StackError(
                _("{path} cannot be read").format(path=file),
                _("There is no such file."),
                _("Give the file that holds the key, or leave it out to be asked."),
                exit_code=EXIT_USAGE,
            )
        return "\n".join(line for line in content.splitlines() if not line.startswith("#"))
    return ambient.given("FOUNDER_BACKUP_KEY") or asked(
        _("Key of the backups: "),
        "FOUNDER_BACKUP_KEY",
        _("Name a file that holds it, --key-file FILE, or run the command in a terminal."),
    )


def asked(question: str, variable: str, fix: str = "") -> str:
    """What is typed unseen; raises StackError where nobody can be asked, with the variable that holds it else."""
    if questions.somebody_there():
        return questions.unseen(question).strip()
    raise StackError(
        _("{variable} is not set").format(variable=variable),
        _("Nobody can be asked here."),
        fix or _("Set it in the environment, or run the command in a terminal."),
        exit_code=EXIT_USAGE,
    )
