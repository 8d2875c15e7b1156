"""Why a file could not be read, in each case that is not its content."""

from __future__ import annotations

import errno
import os

import pytest

from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.stackfile.read import not_a_file, unreadable
from founderstack.stackfile.syntax import explained


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


@pytest.mark.parametrize(
    ("error", "what", "fix"),
    [
        (unreadable("founder.toml", _error(errno.ENOENT)), "There is no founder.toml here", "founder init"),
        (unreadable("founder.toml", _error(errno.EACCES)), "founder.toml cannot be read", "chmod u+r founder.toml"),
        (unreadable("founder.toml", _error(errno.EIO)), "founder.toml cannot be read", "ls -l founder.toml"),
        (not_a_file("founder.toml"), "founder.toml is not a file", "Move it away"),
    ],
)
def test_the_cause_and_the_cure_are_named(error: StackError, what: str, fix: str) -> None:
    assert error.what == what
    assert fix in error.fix
    assert error.exit_code == EXIT_PRECONDITION


def test_a_message_of_another_parser_version_is_passed_on() -> None:
    assert explained("Something new")[0] == "The line is not valid TOML: Something new"
