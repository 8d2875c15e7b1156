"""Why a file could not be read, in each case that is not its content."""

from __future__ import annotations

import errno
import os

import pytest

from founderstack.model.errors import EXIT_PRECONDITION
from founderstack.stackfile.read import not_a_file, unreadable
from founderstack.stackfile.syntax import explained


@pytest.mark.parametrize(
    ("number", "what", "fix"),
    [
        (errno.ENOENT, "There is no founder.toml here", "founder init"),
        (errno.EACCES, "founder.toml cannot be read", "chmod u+r founder.toml"),
        (errno.EIO, "founder.toml cannot be read", "ls -l founder.toml"),
    ],
)
def test_what_the_operating_system_refuses_is_explained(number: int, what: str, fix: str) -> None:
    error = unreadable("founder.toml", OSError(number, os.strerror(number)))
    assert error.what == what
    assert fix in error.fix
    assert error.exit_code == EXIT_PRECONDITION


def test_a_folder_in_the_place_of_the_file_is_told() -> None:
    error = not_a_file("founder.toml")
    assert (error.what, error.exit_code) == ("founder.toml is not a file", EXIT_PRECONDITION)


def test_a_message_of_another_parser_version_is_passed_on() -> None:
    assert explained("Something new")[0] == "The line is not valid TOML: Something new"
