"""The agent speaks English; whoever reads an error of it elsewhere gets it in their language, with its values."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from founderstack import locale
from founderstack.agent import client, server
from founderstack.agent.jobs.runnable import command_of
from founderstack.locale import _, wire
from founderstack.model.errors import StackError


@pytest.fixture
def in_sentences() -> Iterator[None]:
    before = locale.language()
    locale.use("en")
    yield
    locale.use(before)


def heard(error: StackError) -> StackError:
    """The error as a client raises it."""
    with pytest.raises(StackError) as raised:
        client.result(wire.dumps(server.failure(error)).encode() + b"\n")
    return raised.value


@pytest.mark.usefixtures("in_sentences")
def test_a_sentence_with_values_is_translated_where_it_is_read() -> None:
    said = heard(StackError(_("There is no process {name}").format(name="web-{x}"), _("It is full."), "as it is"))
    spanish = locale.translator("es")
    assert (said.what, spanish(said.what)) == ("There is no process web-{x}", "No existe el proceso web-{x}")
    assert spanish(said.fix) == "as it is"


@pytest.mark.usefixtures("in_sentences")
def test_what_the_agent_refuses_reaches_the_reader_in_spanish() -> None:
    with pytest.raises(StackError) as refused:
        command_of("restart", {"process": "../x"})
    said = heard(refused.value)
    assert "restart" in said.why
    assert locale.translator("es")(said.why) == "Sus argumentos no son los del verbo restart."
