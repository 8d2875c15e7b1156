"""Writes the pages in docs/ that come from the code, and the schema of the stack file: `python docs/generate.py`."""

from __future__ import annotations

import argparse
import ast
import importlib
import inspect
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from textwrap import dedent

from founderstack.catalogue import COMPONENTS
from founderstack.cli.table import VERBS
from founderstack.cli.terminal.kinds import Kind
from founderstack.cli.terminal.options import Parser
from founderstack.model.backup import Backup
from founderstack.model.component import Component
from founderstack.model.settings import SettingField, fields_of
from founderstack.stackfile import schema
from founderstack.stackfile.keys import StackSettings, ToolSettings, tables
from founderstack.stackfile.values import toml

DOCS = Path(__file__).parent
NOTE = "<!-- Written by `python docs/generate.py` from the code; change the text there. -->"


def pages() -> dict[str, str]:
    """File name in docs/ → what it must say."""
    return {
        "stack-file.md": _page(_stack_file()),
        "components.md": _page(_components()),
        schema.NAME: schema.text(COMPONENTS, texts_of),
        "../src/founderstack/cli/completion.json": _completion(),
    }


def _completion() -> str:
    """What Tab offers: verb → what its parser takes."""
    usages = {verb: _usage(parser_of(verb)) for verb in VERBS}
    return json.dumps(usages, indent=1, ensure_ascii=False) + "\n"


def parser_of(verb: str) -> Parser:
    """The parser of a verb."""
    module = importlib.import_module(f"founderstack.cli.verbs.{verb.replace('-', '_')}")
    made = module.usage()
    assert isinstance(made, Parser)
    return made


def _usage(parser: Parser) -> dict[str, object]:
    actions = [action for action in parser._actions if action.help != argparse.SUPPRESS]
    words = [action for action in actions if not action.option_strings]
    return {
        "options": {
            option: _takes(action) for action in actions for option in action.option_strings if option.startswith("--")
        },
        "words": [_takes(action) for action in words],
    }


def _takes(action: argparse.Action) -> dict[str, object] | None:
    """What follows an option, or stands for a word; None for an option that is said by itself."""
    if action.nargs == 0:
        return None
    kind = action.type if isinstance(action.type, Kind) else Kind("", "")
    words = kind.words or tuple(choice for choice in action.choices or () if choice)
    many = {"many": True} if action.nargs in ("*", "+") else {}
    return {"kind": kind.name, **({"words": words} if words else {}), **many}


def texts_of(settings: type) -> dict[str, str]:
    """Key → the text under its field, the class's own over those it inherits."""
    texts: dict[str, str] = {}
    for found in reversed(settings.__mro__[:-1]):
        (definition,) = ast.parse(dedent(inspect.getsource(found))).body
        assert isinstance(definition, ast.ClassDef)
        for field, text in zip(definition.body, definition.body[1:], strict=False):
            match field, text:
                case (
                    ast.AnnAssign(target=ast.Name(id=name)),
                    ast.Expr(value=ast.Constant(value=str(words))),
                ):
                    texts[name] = " ".join(words.split())
    return texts


def _page(lines: Iterable[str]) -> str:
    return "\n".join(lines).rstrip("\n") + "\n"


def _stack_file() -> Iterator[str]:
    yield "# The stack file"
    yield ""
    yield NOTE
    yield ""
    yield "`founder.toml` says what you want; everything in it has a default, so an empty file is a valid stack."
    yield "It is [TOML](https://toml.io) in UTF-8. `founder plan` shows what a change would do, `founder up` does it."
    yield "What founder chose for you, such as ports and versions, stands in `founder.lock` beside it."
    yield ""
    yield "```toml"
    yield "format = 1"
    yield 'name = "diary"'
    yield 'domain = "diary.example.com"'
    yield ""
    yield "[app]"
    yield "replicas = 2"
    yield "```"
    yield ""
    yield "## At the top"
    yield ""
    yield from _table(StackSettings)
    for role in tables(COMPONENTS).values():
        yield from _role(role)
    yield "## [tools.NAME]"
    yield ""
    yield "A tool that lives elsewhere, such as a Dokploy or a Grafana: its tile stands beside those of the stack."
    yield ""
    yield from _table(ToolSettings)


def _role(rules: Component) -> Iterator[str]:
    filling = [component for component in COMPONENTS.values() if component.role == rules.role]
    yield f"## [{rules.role}{'.NAME' if rules.several else ''}]"
    yield ""
    names = [f'`use = "{component.name}"`' for component in filling]
    if rules.optional:
        names.append('`use = "none"` to leave it out')
    yield f"{', '.join(names)}."
    if len(filling) > 1:
        yield "Without `use`, the first of them that your system has packages for."
    if rules.role == "app":
        yield "Without this table, the app in the folder `app` runs if there is one."
    yield ""
    for component in filling:
        if len(filling) > 1:
            yield f"### {component.name}"
            yield ""
        yield from _table(component.settings)


def _table(settings: type) -> Iterator[str]:
    fields, texts = fields_of(settings), texts_of(settings)
    if not fields:
        yield "Nothing else to set."
        yield ""
        return
    yield "| key | type | default | |"
    yield "|---|---|---|---|"
    for field in fields:
        text = texts.get(field.name, "").replace("|", "\\|")
        yield f"| `{field.name}` | {_type(field)} | {_default(field)} | {text} |"
    yield ""


def _type(field: SettingField) -> str:
    if field.kind == "choice":
        return " or ".join(f"`{toml(choice)}`" for choice in field.choices if choice)
    if field.kind == "int":
        return f"whole number{_range(field)}"
    return {
        "bool": "`true` or `false`",
        "str": "text",
        "list": "list of texts",
        "numbers": "list of whole numbers",
        "table": "table of texts",
    }[field.kind]


def _range(field: SettingField) -> str:
    if field.least is None and field.most is None:
        return ""
    if field.most is None:
        return f", {field.least} or more"
    return f", {field.most} or less" if field.least is None else f", {field.least} to {field.most}"


def _default(field: SettingField) -> str:
    return "" if field.default in ("", (), {}) else f"`{toml(field.default)}`"


def _components() -> Iterator[str]:
    yield "# The components"
    yield ""
    yield NOTE
    yield ""
    yield "| component | role | | memory at rest | stands in for |"
    yield "|---|---|---|---|---|"
    for component in COMPONENTS.values():
        replaced = ", ".join(component.replaces)
        link = f"[{component.name}](#{component.name})"
        yield f"| {link} | {component.role} | {component.summary} | {component.ram_mib} MiB | {replaced} |"
    yield ""
    for component in COMPONENTS.values():
        yield from _component(component)


def _component(component: Component) -> Iterator[str]:
    yield f"## {component.name}"
    yield ""
    yield f"{component.summary.rstrip('.')}."
    yield ""
    for title, text in _facts(component):
        if text:
            yield f"- **{title}**: {text}"
    yield ""


def _facts(component: Component) -> Iterator[tuple[str, str]]:
    yield "Role", component.role
    yield "Phase", str(component.phase)
    yield "Needs", ", ".join(component.needs)
    yield "Uses where there is one", ", ".join(component.uses)
    yield "Available on", ", ".join(component.systems)
    yield "Versions", ", ".join(f"{version} ({system})" for system, version in component.versions.items())
    yield "Ports", "; ".join(f"{port.default} {port.name} ({port.summary})" for port in component.ports)
    yield "Memory at rest", f"{component.ram_mib} MiB"
    yield "Alternatives", ", ".join(component.alternatives)
    yield "Stands in for", ", ".join(component.replaces)
    backup = component.backup
    yield "Backup", backup.what if isinstance(backup, Backup) else f"none: {backup.reason}"


def main() -> int:
    """Write the pages; 0."""
    for name, text in pages().items():
        DOCS.joinpath(name).write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
