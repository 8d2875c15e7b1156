"""The first stack file of a founder."""

from __future__ import annotations

from collections.abc import Iterable

from founderstack.locale import language as spoken_language, translator
from founderstack.model.stack import FORMAT


def new_stack_file(name: str, domain: str, language: str, tables: Iterable[str], schema: str = "") -> str:
    """A small commented stack file in `language` ("" means the one spoken now); `domain` may be "".

    `tables` are those that it may have; `schema` is where editors find the schema of it, "" where there is none.
    """
    _ = translator(language or spoken_language())
    possible = ", ".join(f"[{role}]" for role in tables)
    lines = (
        *([f"#:schema {schema}"] if schema else []),
        "# "
        + _("The stack of {name}. Every key has a default; docs/stack-file.md explains them all.").format(name=name),
        "# " + _("After a change, `founder plan` shows what it does and `founder up` makes it so."),
        f"format = {FORMAT}",
        f'name = "{name}"',
        "",
        "# " + _("The public name of the app. Without one, it answers on this machine only."),
        _line("domain", domain, "diary.example.com"),
        "",
        "# " + _("The language of the terminal and the panel: en or es. Without one, each reader's own."),
        _line("language", language, "en"),
        "",
        "# " + _("One table for each role. `use` names another component, or none; the tables are"),
        f"# {possible}.",
        "",
        "# [app]",
        '# path = "app"     # ' + _("the folder of your app, beside this file"),
        "# replicas = 2     # " + _("instances that share the requests"),
    )
    return "\n".join(lines) + "\n"


def _line(key: str, value: str, example: str) -> str:
    return f'{key} = "{value}"' if value else f'# {key} = "{example}"'
