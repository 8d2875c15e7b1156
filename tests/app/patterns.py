"""The regular expressions of the tool, found in its source and written as scripts, so that one linter holds all."""

from __future__ import annotations

import ast
import importlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parents[2] / "src"
_CALLS = {"compile", "match", "search", "sub", "subn", "fullmatch", "split", "findall", "finditer"}
_FROM_THE_START = {"match", "fullmatch"}
_FLAGS = {re.IGNORECASE: "i", re.MULTILINE: "m", re.DOTALL: "s"}
_IN_JAVASCRIPT = (("(?P<", "(?<"), (r"\Z", "$"), (r"\A", "^"), ("*+", "*"), ("++", "+"), ("?+", "?"))
"""What never gives back (`*+`) cannot be kept busy; the linter does not know it and reads the stricter expression."""


def scripts(source: Path = SOURCE) -> Iterator[tuple[str, str]]:
    """(name of the script, its text) for each file that has regular expressions."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(source.rglob("*.py"))}
    sought = {method for tree in trees.values() for method in _methods(tree)}
    for path, tree in trees.items():
        lines = list(_lines(path.relative_to(source), tree, sought))
        if lines:
            yield f"{'--'.join(path.relative_to(source).parts)}.js", "\n".join(lines) + "\n"


def _methods(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """(name, method) of every `NAME.search(…)`: wherever the name comes from, it looks anywhere in a text."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CALLS:
            owner = node.func.value
            yield owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", ""), node.func.attr


def _lines(path: Path, tree: ast.Module, used: set[tuple[str, str]]) -> Iterator[str]:
    names: Mapping[str, Any] = {}
    for node, pattern, anchored in _found(tree, used):
        names = names or _names(path)
        text, flags = _value(pattern, names), 0
        if text is None:
            continue  # a pattern that is declared elsewhere, and found there
        if isinstance(text, bytes):
            text = text.decode("latin-1")
        for more in [*node.args[1:], *(word.value for word in node.keywords if word.arg == "flags")]:
            found = _value(more, names)
            flags |= int(found) if isinstance(found, re.RegexFlag) else 0
        written = _as_javascript(text, verbose=bool(flags & re.VERBOSE))
        shown = f"^(?:{written})$" if anchored else written
        letters = "".join(letter for flag, letter in _FLAGS.items() if flags & flag)
        yield f"new RegExp({json.dumps(shown)}, {json.dumps(letters)}); // line {pattern.lineno}"


def _found(tree: ast.Module, used: set[tuple[str, str]]) -> Iterator[tuple[ast.Call, ast.expr, bool]]:
    """(call, its pattern, whether it is held to the text's beginning) for each regular expression."""
    assigned = {
        id(node.value): target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id == "re":
            methods = {method for name, method in used if name == assigned.get(id(node))}
            anchored = function.attr in _FROM_THE_START or (bool(methods) and methods <= _FROM_THE_START)
            if function.attr in _CALLS:
                yield node, node.args[0], anchored
        for word in node.keywords:
            if word.arg == "pattern":
                yield node, word.value, True


def _names(path: Path) -> Mapping[str, Any]:
    try:
        return vars(importlib.import_module(".".join(path.with_suffix("").parts)))
    except ImportError:  # a program for another environment: it has its words in itself
        return {"re": re}


def _value(expression: ast.expr, names: Mapping[str, Any]) -> Any:
    """What an expression stands for; names that only a call knows are a letter within a text, else nothing."""
    if isinstance(expression, ast.JoinedStr):
        parts = [_value(part, names) for part in expression.values]
        return "".join("x" if part is None else str(part) for part in parts)
    if isinstance(expression, ast.FormattedValue):
        return _value(expression.value, names)
    try:
        return eval(compile(ast.Expression(expression), "pattern", "eval"), dict(names))
    except (NameError, AttributeError):
        return None


def _as_javascript(text: str, *, verbose: bool) -> str:
    if verbose:
        text = "".join(line.strip() for line in text.splitlines())
    for python, javascript in _IN_JAVASCRIPT:
        text = text.replace(python, javascript)
    return re.sub(r"\(\?P=(\w{1,40})\)", r"\\k<\1>", text)
