"""What the documents point to is there, and both front pages tell the same."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "bench").glob("*.md"))]
FRONT_PAGES = ("README.md", "README.es.md")

LINK = re.compile(r"\]\(([^)\s]+)\)")
TEST = re.compile(r"(tests/[\w/]+\.py)?::(test_\w+)")
FILE = re.compile(r"\b((?:tests|bench|tools)/[\w/]+\.py)\b")
VERB = re.compile(r"^\./founder ([a-z-]+)", re.MULTILINE)


def names(documents: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in documents]


def test_the_decision_on_dependencies_names_all_of_them_and_no_others() -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    text = (ROOT / "docs/decisions/0013-few-dependencies.md").read_text()
    cells = re.findall(r"^\| (`[^|]+`) \|", text, re.MULTILINE)
    named = {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}
    assert named == {re.split(r"[\[<>=]", one)[0] for one in wanted}


@pytest.mark.parametrize("document", DOCUMENTS, ids=names(DOCUMENTS))
def test_every_link_leads_somewhere(document: Path) -> None:
    links = [link for link in LINK.findall(document.read_text()) if not link.startswith("http")]
    assert [link for link in links if not _leads_somewhere(document, link)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=names(DOCUMENTS))
def test_every_test_and_program_that_is_named_exists(document: Path) -> None:
    text = document.read_text()
    assert [name for name in FILE.findall(text) if not (ROOT / name).exists() and not _is_an_example(name)] == []
    source = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    gone = [
        found[0]
        for found in TEST.finditer(text)
        if f"def {found[2]}(" not in ((ROOT / found[1]).read_text() if found[1] else source)
    ]
    assert gone == []


def test_both_front_pages_have_the_same_parts_commands_and_links() -> None:
    english, spanish = (ROOT.joinpath(name).read_text() for name in FRONT_PAGES)
    for pattern in (r"(?m)^(##?) ", r"(?m)^\./founder [\w-]+(?: --\w+)?", r"(?m)^```(\w*)", r"\]\((docs/[^)]+)\)"):
        wanted = sorted(re.findall(pattern, english))
        # A page that is there in both languages is linked in the reader's own.
        assert wanted == sorted(found.replace(".es.md", ".md") for found in re.findall(pattern, spanish)), pattern


@pytest.mark.parametrize("name", FRONT_PAGES)
def test_every_verb_and_every_stack_file_of_a_front_page_is_valid(name: str) -> None:
    from founderstack.cli.table import VERBS

    text = ROOT.joinpath(name).read_text()
    assert set(VERB.findall(text)) <= set(VERBS)
    for example in re.findall(r"```toml\n(.*?)```", text, re.DOTALL):
        assert tomllib.loads(example)["format"] == 1


def _leads_somewhere(document: Path, link: str) -> bool:
    path, _hash, anchor = link.partition("#")
    target = document.parent / path if path else document
    if not target.exists():
        return False
    return not anchor or anchor in {_anchor(line) for line in target.read_text().splitlines() if line.startswith("#")}


def _anchor(heading: str) -> str:
    """As the usual forges make it: small letters, dashes for spaces, nothing else."""
    return re.sub(r"[^\w\- ]", "", heading.lstrip("# ").lower()).replace(" ", "-")


def _is_an_example(name: str) -> bool:
    return "memcached" in name
