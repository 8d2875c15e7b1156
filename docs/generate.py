"""Writes the pages in docs/ that come from the code, and the schema of the stack file: `python docs/generate.py`."""

from __future__ import annotations

import argparse
import ast
import importlib
import inspect
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from textwrap import dedent

from founderstack.catalogue import COMPONENTS
from founderstack.cli.table import VERBS
from founderstack.cli.terminal.kinds import Kind
from founderstack.cli.terminal.options import Parser
from founderstack.locale import translator
from founderstack.model.backup import Backup
from founderstack.model.component import Component
from founderstack.model.settings import SettingField, fields_of
from founderstack.stackfile import schema
from founderstack.stackfile.keys import StackSettings, ToolSettings, tables
from founderstack.stackfile.values import toml

DOCS = Path(__file__).parent
_CATALOGUE = translator("es")
_SPANISH: dict[str, str] = json.loads(DOCS.joinpath("es.json").read_text())
Say = Callable[[str], str]
NOTE = "<!-- Written by `python docs/generate.py` from the code; change the text there. -->"


def pages() -> dict[str, str]:
    """File name in docs/ → what it must say."""
    return {
        "stack-file.md": _page(_stack_file(english)),
        "stack-file.es.md": _page(_stack_file(spanish)),
        "components.md": _page(_components(english)),
        "components.es.md": _page(_components(spanish)),
        schema.NAME: schema.text(COMPONENTS, texts_of),
        "../src/founderstack/cli/completion.json": _completion(),
    }


def english(text: str) -> str:
    """The text as it stands in the code."""
    return text


def spanish(text: str) -> str:
    """The text in Spanish: as `es.json` has it, which holds what only these pages say, else as the tool says it."""
    return _SPANISH.get(text) or str(_CATALOGUE(text))


def untranslated() -> list[str]:
    """Sentences of the pages that have no Spanish; names of software and of roles are words without one."""
    asked: list[str] = []

    def note(text: str) -> str:
        asked.append(text)
        return text

    for lines in (_stack_file(note), _components(note)):
        _page(lines)
    names = {name for component in COMPONENTS.values() for name in component.replaces}
    return [text for text in dict.fromkeys(asked) if " " in text and text not in names and spanish(text) == text]


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


def _stack_file(_: Say) -> Iterator[str]:
    yield _("# The stack file")
    yield ""
    yield NOTE
    yield from _twin("stack-file", _)
    yield ""
    yield _("`founder.toml` says what you want; everything in it has a default, so an empty file is a valid stack.")
    yield _(
        "It is [TOML](https://toml.io) in UTF-8. `founder plan` shows what a change would do, `founder up` does it."
    )
    yield _("What founder chose for you, such as ports and versions, stands in `founder.lock` beside it.")
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
    yield _("## At the top")
    yield ""
    yield from _table(StackSettings, _)
    for role in tables(COMPONENTS).values():
        yield from _role(role, _)
    yield "## [tools.NAME]"
    yield ""
    yield _("A tool that lives elsewhere, such as a Dokploy or a Grafana: its tile stands beside those of the stack.")
    yield ""
    yield from _table(ToolSettings, _)


def _role(rules: Component, _: Say) -> Iterator[str]:
    filling = [component for component in COMPONENTS.values() if component.role == rules.role]
    yield f"## [{rules.role}{'.NAME' if rules.several else ''}]"
    yield ""
    names = [f'`use = "{component.name}"`' for component in filling]
    if rules.optional:
        names.append(f'`use = "none"` {_("to leave it out")}')
    yield f"{', '.join(names)}."
    if len(filling) > 1:
        yield _("Without `use`, the first of them that your system has packages for.")
    if rules.role == "app":
        yield _("Without this table, the app in the folder `app` runs if there is one.")
    yield ""
    for component in filling:
        if len(filling) > 1:
            yield f"### {component.name}"
            yield ""
        yield from _table(component.settings, _)


def _table(settings: type, _: Say) -> Iterator[str]:
    fields, texts = fields_of(settings), texts_of(settings)
    if not fields:
        yield _("Nothing else to set.")
        yield ""
        return
    yield _("| key | type | default | |")
    yield "|---|---|---|---|"
    for field in fields:
        text = _(texts.get(field.name, "")).replace("|", "\\|")
        yield f"| `{field.name}` | {_type(field, _)} | {_default(field)} | {text} |"
    yield ""


def _type(field: SettingField, _: Say) -> str:
    if field.kind == "choice":
        return f" {_('or')} ".join(f"`{toml(choice)}`" for choice in field.choices if choice)
    if field.kind == "int":
        return f"{_('whole number')}{_range(field, _)}"
    names = {
        "bool": "`true` or `false`",
        "str": "text",
        "list": "list of texts",
        "numbers": "list of whole numbers",
        "table": "table of texts",
    }
    return _(names[field.kind])


def _range(field: SettingField, _: Say) -> str:
    if field.least is None and field.most is None:
        return ""
    if field.most is None:
        return _(", {least} or more").format(least=field.least)
    text = _(", {most} or less") if field.least is None else _(", {least} to {most}")
    return text.format(least=field.least, most=field.most)


def _default(field: SettingField) -> str:
    return "" if field.default in ("", (), {}) else f"`{toml(field.default)}`"


def _components(_: Say) -> Iterator[str]:
    yield _("# The components")
    yield ""
    yield NOTE
    yield from _twin("components", _)
    yield ""
    yield _("| component | role | | memory at rest | stands in for |")
    yield "|---|---|---|---|---|"
    for component in COMPONENTS.values():
        replaced = ", ".join(map(_, component.replaces))
        link = f"[{component.name}](#{component.name})"
        yield f"| {link} | {component.role} | {_(component.summary)} | {component.ram_mib} MiB | {replaced} |"
    yield ""
    for component in COMPONENTS.values():
        yield from _component(component, _)


def _component(component: Component, _: Say) -> Iterator[str]:
    yield f"## {component.name}"
    yield ""
    yield f"{_(component.summary).rstrip('.')}."
    yield ""
    for title, text in _facts(component, _):
        if text:
            yield f"- **{title}**: {text}"
    yield ""


def _facts(component: Component, _: Say) -> Iterator[tuple[str, str]]:
    yield _("Role"), component.role
    yield _("Phase"), str(component.phase)
    yield _("Needs"), ", ".join(component.needs)
    yield _("Uses where there is one"), ", ".join(component.uses)
    yield _("Available on"), ", ".join(component.systems)
    yield _("Versions"), ", ".join(f"{version} ({system})" for system, version in component.versions.items())
    yield _("Ports"), "; ".join(f"{port.default} {port.name} ({_(port.summary)})" for port in component.ports)
    yield _("Memory at rest"), f"{component.ram_mib} MiB"
    yield _("Alternatives"), ", ".join(component.alternatives)
    yield _("Stands in for"), ", ".join(map(_, component.replaces))
    backup = component.backup
    yield (
        _("Backup"),
        _(backup.what) if isinstance(backup, Backup) else _("none: {reason}").format(reason=_(backup.reason)),
    )


def _twin(page: str, _: Say) -> Iterator[str]:
    """Where the same page is in the other language."""
    yield ""
    yield f"*[En español]({page}.es.md)*" if _("or") == "or" else f"*[In English]({page}.md)*"


def main() -> int:
    """Write the pages; 0."""
    for name, text in pages().items():
        DOCS.joinpath(name).write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
