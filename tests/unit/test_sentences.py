"""A text keeps what it was made of on every way to whoever reads it, and is said in the language of the reader."""

from __future__ import annotations

import ast
import copy
import pickle
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import cast

import pytest
from babel.messages.pofile import read_po

from founderstack import locale
from founderstack.agent.jobs.job import Job
from founderstack.backups.sets import documents
from founderstack.cli.terminal import events
from founderstack.locale import Sentence, _, joined, wire
from founderstack.model.alerts import Limits
from founderstack.model.backup import Proof
from founderstack.model.errors import StackError
from founderstack.model.events import Event
from founderstack.panel.shown import jobs
from founderstack.planner.alerts.rules import AlertFacts, ServiceFacts, conditions
from founderstack.world.state.history import History
from tests.unit.test_locale import VALUE
from tools import translate

SPANISH, ENGLISH = locale.translator("es"), locale.translator("en")
PARTS = frozenset(
    ["what", "why", "fix", "error", "summary", "problems", "problem", "lacks", "outside", "refused", "reason", "detail"]
)
"""Attributes that hold a text for somebody in another process."""
INSIDE = (
    "agent",
    "backups",
    "catalogue",
    "migration",
    "model",
    "operations",
    "planner",
    "runtimes",
    "world",
    "stackfile",
)
"""Floors whose texts are read elsewhere than where they are made; the terminal reads its own at once."""

PAPERS = (
    "migration/report/report.py",
    "migration/report/page.py",
    "operations/backups/kit.py",
    "operations/stack/alerts.py",
    "stackfile/template.py",
)
"""They write a page, a message or a file for one reader, in their language, at once."""


def no_process() -> str:
    return _("There is no process {name}").format(name="web-{x}")


def sent(text: str) -> str:
    """The text as another process has it."""
    return cast(str, wire.loads(wire.dumps({"it": text}))["it"])


@pytest.mark.parametrize("writer", locale.LANGUAGES)
def test_who_reads_gets_their_language_whatever_the_writer_speaks(writer: str) -> None:
    locale.use(writer)
    text = sent(joined(": ", (no_process(), "its own {words}", _("options"))))
    assert ENGLISH(text) == "There is no process web-{x}: its own {words}: options"
    assert SPANISH(text) == "No existe el proceso web-{x}: its own {words}: opciones"


def test_a_text_within_a_text_is_translated_with_it() -> None:
    assert SPANISH(_("Why: {why}").format(why=no_process())) == "Por qué: No existe el proceso web-{x}"


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda text: pickle.loads(pickle.dumps(text))])
def test_a_copy_knows_as_much(copied: object) -> None:
    assert SPANISH(copied(no_process())) == "No existe el proceso web-{x}"  # type: ignore[operator]


def test_what_python_alone_can_read_stays_readable_for_others() -> None:
    assert wire.plain({"a": [no_process(), "x"]}) == {
        "a": ["There is no process web-{x}", "x"],
        "made_of": {"a": [["There is no process {name}", {"name": "web-{x}"}], None]},
    }


@pytest.mark.parametrize(
    "known",
    [
        ["{name.__class__}", {"name": "x"}],
        ["{name!r}", {"name": "x"}],
        ["{name:99999}", {"name": "x"}],
        ["{name:{n}}", {"name": "x", "n": 10**9}],
        ["{other}", {"name": "x"}],
        ["{", {"name": "x"}],
        ["{name:.1f}", {"name": "x"}],
        ["{name}", {"name": {}}],
        "x",
        [1, {}],
    ],
)
def test_an_origin_that_would_do_harm_is_none(known: object) -> None:
    found = wire.revived({"what": "as it is", "made_of": {"what": known}})["what"]
    assert (found, type(found)) == ("as it is", str)


@pytest.mark.parametrize("document", [{"made_of": 1}, {"made_of": {"wood": 1}}, {"made_of": {}}])
def test_data_that_is_called_like_it_is_left_alone(document: object) -> None:
    assert wire.revived(document) == document


def texts() -> Iterator[str]:
    with translate.PO.open("rb") as file:
        yield from (str(one.id) for one in read_po(file, locale="es") if one.id and isinstance(one.id, str))


def test_every_text_of_the_catalogue_goes_to_a_reader_and_is_theirs() -> None:
    wrong = []
    for text in texts():
        if "%" in "".join(VALUE.findall(text)):
            continue  # argparse's own, and times, which the terminal alone says
        fields = [(name, how) for _text, name, how, _convert in Formatter().parse(text) if name]
        if not all(name.isidentifier() for name, _how in fields):
            continue  # an example of JSON in a help
        values = {name: 2.5 if how and how[-1] in "f" else 12 for name, how in fields}
        said = _(text).format(**values) if values else _(text)
        if SPANISH(sent(said)) != (SPANISH(text).format(**values) if values else SPANISH(text)):
            wrong.append(text)
    assert wrong == []


def loses(tree: ast.AST) -> Iterator[ast.AST]:
    """Where a text is made a plain string: in an f-string, by `+`, by `.join`, by another method of strings."""
    heard = {
        id(one) for call in ast.walk(tree) if isinstance(call, ast.Call) and _is_log(call) for one in ast.walk(call)
    }
    for node in ast.walk(tree):
        if id(node) in heard:
            continue
        if isinstance(node, ast.JoinedStr):
            lost = any(_is_text(one.value) for one in node.values if isinstance(one, ast.FormattedValue))
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            lost = _is_text(node.left) or _is_text(node.right)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            lost = node.func.attr in ("replace", "strip", "lower", "upper", "removesuffix") and _is_text(
                node.func.value
            )
            lost |= node.func.attr == "join" and any(map(_has_text, node.args))
        else:
            lost = False
        if lost:
            yield node


def _is_log(call: ast.Call) -> bool:
    """What the owner of the machine reads in the log of a program."""
    return ast.unparse(call.func) in ("sys.stderr.write", "sys.exit", "print", "_log")


def _is_text(node: ast.expr) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr in PARTS
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return _is_text(node.func.value)
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_"


def _has_text(node: ast.expr) -> bool:
    elements = [one.elt for one in ast.walk(node) if isinstance(one, (ast.GeneratorExp, ast.ListComp))]
    elements += [one for seq in ast.walk(node) if isinstance(seq, (ast.List, ast.Tuple)) for one in seq.elts]
    return any(map(_is_text, elements)) or _is_text(node)


def test_no_text_loses_its_origin_on_the_way_out_of_a_floor() -> None:
    found = [
        f"{path.relative_to(translate.SOURCE)}:{node.lineno}: {ast.unparse(node)[:80]}"  # type: ignore[attr-defined]
        for floor in INSIDE
        for path in sorted((translate.SOURCE / floor).rglob("*.py"))
        if str(path.relative_to(translate.SOURCE)) not in PAPERS
        for node in loses(ast.parse(path.read_text()))
    ]
    assert found == []


def test_nothing_decides_on_a_text() -> None:
    found = [
        f"{path.relative_to(translate.SOURCE)}:{node.lineno}: {ast.unparse(node)[:80]}"
        for path in sorted(translate.SOURCE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Compare)
        and isinstance(node.ops[0], (ast.Eq, ast.NotEq))
        and any(map(_is_said, (node.left, *node.comparators)))
    ]
    assert found == []


def _is_said(node: ast.expr) -> bool:
    return _is_text(node) and not (isinstance(node, ast.Attribute) and node.attr not in ("what", "why", "fix"))


@pytest.mark.parametrize(
    ("code", "lost"),
    [
        ('f"{error.what}: x"', True),
        ('_("a").format(b=1) + "x"', True),
        ('", ".join(_(one) for one in all)', True),
        ('_("a").strip()', True),
        ('joined(": ", (error.what, _("a")))', False),
        ('sys.stderr.write(f"{error.what}")', False),
        ('_("a {b}").format(b=error.what)', False),
    ],
)
def test_a_text_that_loses_its_origin_is_noticed(code: str, lost: bool) -> None:
    assert any(loses(ast.parse(code))) is lost


def test_a_proof_is_read_in_every_language_and_its_seal_covers_what_it_says() -> None:
    locale.use("es")
    proof = Proof("set", 1.0, ok=False, seconds=2.0, problems=(no_process(), "plain"))
    content = documents.written(proof)
    locale.use("en")
    found = documents.read(Proof, content)
    assert documents.to_seal(found) == documents.to_seal(proof)
    assert [ENGLISH(one) for one in found.problems] == ["There is no process web-{x}", "plain"]
    forged = documents.read(Proof, content.replace(b'"There is no process {name}"', b'"There is no service {name}"'))
    assert [type(one) for one in forged.problems] == [str, str]
    assert documents.to_seal(forged) == documents.to_seal(proof)


def test_what_an_alert_says_is_translated_with_what_it_quotes() -> None:
    error = joined(": ", (_("no connection"), "EHOSTUNREACH"))
    (found,) = conditions(AlertFacts((ServiceFacts("web", "Web", 600.0, error),)), Limits())
    assert SPANISH(found.why) == "No responde: sin conexión: EHOSTUNREACH"


def test_the_history_keeps_what_a_failure_was_made_of(tmp_path: Path) -> None:
    history = History(str(tmp_path / "history.sqlite"))
    history.record(Event("failed", "start:web", 1.0, detail=no_process()))
    history.record(Event("done", "start:web", 2.0, detail="as it is"))
    assert [SPANISH(one.detail) for one in history.recent(2)] == ["as it is", "No existe el proceso web-{x}"]


def test_a_job_that_ran_in_english_is_shown_in_spanish(capsys: pytest.CaptureFixture[str]) -> None:
    events.tell_event(Event("failed", "start:web", 1.0, detail=no_process()), _("start {name}").format(name="Web"))
    events.tell_error(StackError(no_process(), _("Why: {why}").format(why=no_process()), _("Run: founder up")))
    job = Job("20261124T195900Z-ab12cd", "restart", {"process": "web"}, "ana")
    for line in capsys.readouterr().out.splitlines():
        job.hears(line.encode())
    job.ends(3.0, watched=True)
    said = wire.loads(wire.dumps(wire.loads(wire.dumps(job.as_values()))))
    shown = jobs.view(said, SPANISH, "es", 4.0)
    assert shown.error == {
        "what": "No existe el proceso web-{x}",
        "why": "Por qué: No existe el proceso web-{x}",
        "fix": SPANISH("Run: founder up"),
    }
    assert shown.steps[0].detail == "No existe el proceso web-{x}"
    assert isinstance(job.error and job.error["what"], Sentence)
