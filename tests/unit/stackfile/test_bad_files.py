"""Every bad stack file gets the errors in the `.expected` file beside it.

After a deliberate change of a text, write them anew with `python -m tests.unit.stackfile.test_bad_files` and read
the difference.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from founderstack import locale
from founderstack.model.errors import StackError
from tests.unit.stackfile.sample import Given

BAD = sorted(Path(__file__).parent.joinpath("bad").glob("*.toml"))


def errors_of(file: Path) -> str:
    """The problems as `founder` tells them; "" when there is none."""
    try:
        Given().check(file.read_bytes())
    except StackError as error:
        return "\n".join(f"{problem.what}\n  {problem.why}\n  {problem.fix}\n" for problem in error.problems)
    return ""


def test_there_are_many() -> None:
    assert len(BAD) >= 45


@pytest.mark.parametrize("file", BAD, ids=lambda file: file.stem)
def test_a_bad_file_gets_the_expected_errors(file: Path) -> None:
    expected = file.with_suffix(".expected").read_text()
    assert expected.startswith("founder.toml")
    assert errors_of(file) == expected


def test_the_errors_are_spanish_for_a_spanish_reader() -> None:
    english = {file.stem: errors_of(file).splitlines() for file in BAD}
    locale.use("es")
    spanish = {file.stem: errors_of(file).splitlines() for file in BAD}
    for name, lines in english.items():
        assert len(spanish[name]) == len(lines)
        assert [line for line in lines if line and line in spanish[name]] == []


if __name__ == "__main__":
    locale.use("en")
    for bad in BAD:
        bad.with_suffix(".expected").write_text(errors_of(bad))
