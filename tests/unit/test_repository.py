"""Rules of this repository that no linter knows."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from founderstack.catalogue import COMPONENTS
from tools import pins

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src/founderstack"
MODULES = sorted(SOURCE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))

NOT_OURS = {"node_modules", "dist", "build", "__pycache__", "site-packages"}
TEXT = {"", ".py", ".md", ".toml", ".ts", ".tsx", ".mjs", ".css", ".sql", ".html", ".js", ".po", ".txt", ".conf"}

MOST_LINES_OF_A_MODULE = 300
MOST_LINES_OF_A_FUNCTION = 40
VAGUE_NAMES = {"util", "utils", "helper", "helpers", "manager", "handler", "handlers", "base", "data", "common", "misc"}


def test_every_module_fits_in_one_reading() -> None:
    lengths = {_place(path): len(path.read_text().splitlines()) for path in MODULES}
    assert {place: lines for place, lines in lengths.items() if lines > MOST_LINES_OF_A_MODULE} == {}


def test_the_linter_of_scripts_finds_what_it_is_there_for(tmp_path: Path) -> None:
    (tmp_path / "bad.ts").write_text("export const given = (one: any, two: string) => one == two;\n")
    linter = [f"{sys.prefix}/bin/oxlint", "--config", str(ROOT / ".oxlintrc.json"), "--format", "unix", str(tmp_path)]
    said = subprocess.run(linter, capture_output=True, text=True, timeout=60, check=False)
    assert said.returncode == 1
    assert sorted(re.findall(r"\((\S+)\)\]", said.stdout)) == ["eqeqeq", "no-explicit-any"]


def test_every_function_fits_on_a_screen() -> None:
    lengths = {place: _lines_of(function) for path in MODULES for place, function in _functions(path)}
    assert {place: lines for place, lines in lengths.items() if lines > MOST_LINES_OF_A_FUNCTION} == {}


def test_every_module_says_what_it_is_for() -> None:
    silent = [_place(path) for path in MODULES if path.read_text() and not ast.get_docstring(_parsed(path))]
    assert silent == []


def test_names_of_modules_say_something() -> None:
    assert [_place(path) for path in MODULES if VAGUE_NAMES & set(path.stem.strip("_").split("_"))] == []


def test_nothing_outside_the_catalogue_branches_on_the_name_of_a_component() -> None:
    roles = {component.role for component in COMPONENTS.values()}
    names = {name for name in COMPONENTS if name not in roles} | {"swarm"}
    branches = [
        f"{_place(path)}:{compared.lineno}"
        for path in MODULES
        if path.parent.name != "catalogue" and "pgadmin_files" not in path.parts
        for compared in _comparisons(_parsed(path))
        # How data is backed up is a kind that several components share, whatever it is called.
        if names & set(_texts_of(compared)) and ".kind" not in ast.unparse(compared)
    ]
    assert branches == []


def test_tests_wait_for_conditions_and_fake_nothing_by_patching() -> None:
    banned = re.compile(r"\b(unittest\.mock|time\.sleep|\w+\.wait_for_timeout)\b")
    found = [
        f"{_place(path)}:{node.lineno}: {written}"
        for path in TESTS
        for node in ast.walk(_parsed(path))
        if isinstance(node, (ast.Attribute, ast.Import, ast.ImportFrom))
        for written in banned.findall(_imported(node))
    ]
    assert found == []


def test_folders_of_others_are_walked_and_removed_by_nothing_that_calls_itself() -> None:
    calls = re.compile(r"\b(?:os\.walk|os\.fwalk|shutil\.rmtree|\.rglob)\(")
    assert [str(path) for path in SOURCE.rglob("*.py") if calls.search(path.read_text())] == []


def test_nothing_is_left_for_later() -> None:
    marks = re.compile("|".join(("TO" + "DO", "FIX" + "ME", "X" * 3 + r"\b")))
    assert list(_lines_with(marks, _texts())) == []


def test_no_path_of_one_persons_machine_is_in_the_project() -> None:
    own = re.compile(r"(?<![\w.~}])/(?:Users|work)/\w")
    assert list(_lines_with(own, (path for path in _texts() if path != Path(__file__)))) == []


def test_what_is_installed_is_pinned_by_hash_as_the_lock_file_and_the_catalogue_say() -> None:
    assert pins.problems() == [], "run .venv-test/bin/python tools/pins.py"


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("tool.txt", "jinja2==", "jinja3==", "tool.txt is not what uv.lock says"),
        ("pgadmin.txt", "pgadmin4==", "pgadmin5==", "pgadmin.txt has not pgadmin4=="),
        ("supervisor.txt", "--hash=sha256:", "--hash=md5:", "supervisor.txt: no hash for supervisor=="),
        ("other.txt", "", "", "other.txt is made by nobody"),
        ("redis-commander/package.json", '"0.', '"9.', "redis-commander/package.json is another version's"),
        ("redis-commander/package-lock.json", '"integrity"', '"digest"', "redis-commander: no hash for node_modules/"),
    ],
)
def test_a_list_that_is_not_as_it_should_be_is_named(
    name: str, old: str, new: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(pins.PINS, tmp_path / "pins")
    monkeypatch.setattr(pins, "PINS", tmp_path / "pins")
    path = tmp_path / "pins" / name
    path.write_text(path.read_text().replace(old, new) if path.exists() else "")
    found = pins.problems()
    assert any(one.startswith(said) for one in found), found


def test_the_most_frequent_command_imports_next_to_nothing() -> None:
    lean = _imports_of("import founderstack.cli.main, founderstack.cli.unchanged")
    slow = {"argparse", "asyncio", "dataclasses", "gettext", "inspect", "jinja2", "json", "logging", "re", "socket"}
    slow |= {"subprocess", "tempfile", "tomlkit", "tomllib", "typing", "urllib.parse", "xmlrpc.client"}
    assert sorted(lean & slow) == []
    assert {name for name in lean if name.startswith("founderstack")} <= {
        "founderstack",
        "founderstack.cli",
        "founderstack.cli.main",
        "founderstack.cli.unchanged",
        "founderstack.locale",
        "founderstack.runtimes",
        "founderstack.runtimes.host",
        "founderstack.runtimes.host.quick",
        "founderstack.world",
        "founderstack.world.os",
        "founderstack.world.state",
        "founderstack.world.os.ambient",
        "founderstack.world.os.clock",
        "founderstack.world.state.receipt",
    }


def test_files_of_the_state_folder_are_named_in_one_place() -> None:
    folder = SOURCE / "model/state_folder.py"
    named = re.compile(r'/([a-z0-9-]+\.(?:json|sqlite|sock))"$', re.MULTILINE)
    ours = set(named.findall(folder.read_text()))
    assert len(ours) > 10
    spelled = {
        _place(path): sorted(found)
        for path in MODULES
        if path != folder
        for found in [{name for name in ours if f'/{name}"' in path.read_text() or f'"{name}"' in path.read_text()}]
        if found
    }
    # A set calls them as the folder does.
    assert spelled == {
        "src/founderstack/backups/assemble.py": ["releases.json", "secrets.json"],
        "src/founderstack/backups/sets/origin.py": ["releases.json", "secrets.json"],
    }


def test_every_value_of_the_model_is_frozen() -> None:
    script = (
        "import dataclasses, importlib, pkgutil, founderstack.model as model\n"
        "for found in pkgutil.iter_modules(model.__path__, 'founderstack.model.'):\n"
        "    for name, value in vars(importlib.import_module(found.name)).items():\n"
        "        if dataclasses.is_dataclass(value) and not value.__dataclass_params__.frozen: print(name)\n"
    )
    assert subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout == ""


def _imports_of(statement: str) -> set[str]:
    """Every module that a statement loads beyond those of a bare interpreter."""
    script = f"import sys; before = set(sys.modules); {statement}; print(*(set(sys.modules) - before))"
    command = [sys.executable, "-I", "-c", script]
    return set(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())


def _place(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def _functions(path: Path) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for node in ast.walk(_parsed(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield f"{_place(path)}:{node.lineno} {node.name}", node


def _lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from the signature to the end; texts of several lines (a docstring, a template) are one line each."""
    texts = (node for node in ast.walk(function) if isinstance(node, (ast.Constant, ast.JoinedStr)))
    inside_texts = {line for text in texts for line in range(text.lineno + 1, (text.end_lineno or 0) + 1)}
    return (function.end_lineno or 0) - function.lineno + 1 - len(inside_texts)


def _comparisons(tree: ast.AST) -> Iterator[ast.Compare | ast.MatchValue]:
    return (node for node in ast.walk(tree) if isinstance(node, (ast.Compare, ast.MatchValue)))


def _texts_of(tree: ast.AST) -> Iterator[str]:
    return (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))


def _imported(node: ast.AST) -> str:
    if isinstance(node, ast.ImportFrom):
        return " ".join(f"{node.module}.{name.name}" for name in node.names)
    return ast.unparse(node)


def _texts() -> Iterator[Path]:
    """Every text file of the project, whether or not it is in git yet."""
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        hidden = any(part.startswith(".") and part != ".ci" for part in parts)
        if path.suffix in TEXT and not hidden and not NOT_OURS & set(parts) and path.is_file():
            yield path


def _lines_with(pattern: re.Pattern[str], paths: Iterable[Path]) -> Iterator[str]:
    for path in paths:
        # Some files of the tests are no valid text on purpose.
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if pattern.search(line):
                yield f"{_place(path)}:{number}: {line.strip()[:100]}"
