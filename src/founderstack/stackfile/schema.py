"""A JSON Schema of the stack file, so that editors complete and check it: written by `docs/generate.py`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from founderstack.model.component import Component
from founderstack.model.settings import SettingField, fields_of
from founderstack.stackfile.keys import LABEL, NONE, TOOLS, USE, StackSettings, ToolSettings, tables

NAME = "founder.schema.json"
_DRAFT = "http://json-schema.org/draft-07/schema#"
"""What the editors' TOML plug-ins (Taplo, Even Better TOML) read."""

Texts = Callable[[type], Mapping[str, str]]
Schema = dict[str, Any]


def text(components: Mapping[str, Component], texts_of: Texts) -> str:
    """The schema for stacks of these components; `texts_of` gives the text under each field of a settings class."""
    properties: Schema = {
        **_properties(StackSettings, texts_of),
        **{role: _role(rules, components, texts_of) for role, rules in tables(components).items()},
        TOOLS: {
            "type": "object",
            "description": "Tools that live elsewhere: a table for each, [tools.NAME].",
            "additionalProperties": _table(_properties(ToolSettings, texts_of)),
        },
    }
    whole = {"$schema": _DRAFT, "title": "founder.toml", **_table(properties)}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _role(rules: Component, components: Mapping[str, Component], texts_of: Texts) -> Schema:
    """One shape for each component that may fill it; a key that several have is said once where it is the same."""
    filling = [component for component in components.values() if component.role == rules.role]
    names = [component.name for component in filling] + ([NONE] if rules.optional else [])
    properties: Schema = {USE: {"enum": names, "description": "The component that fills the role."}}
    for component in filling:
        for key, schema in _properties(component.settings, texts_of).items():
            known = properties.get(key)
            properties[key] = schema if known in (None, schema) else {"anyOf": [known, schema]}
    part = _table(properties)
    return (
        {"type": "object", "additionalProperties": part, "propertyNames": {"pattern": LABEL}} if rules.several else part
    )


def _table(properties: Schema) -> Schema:
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _properties(settings: type, texts_of: Texts) -> Schema:
    texts = texts_of(settings)
    return {field.name: _value(field) | {"description": texts[field.name]} for field in fields_of(settings)}


def _value(field: SettingField) -> Schema:
    default = {} if field.default in ("", (), {}) else {"default": field.default}
    word = {"type": "string", **_form(field)}
    number = {"type": "integer", **_bounds(field)}
    shapes: Mapping[str, Schema] = {
        "int": number,
        "bool": {"type": "boolean"},
        "str": word,
        "choice": {"enum": list(field.choices)},
        "list": {"type": "array", "items": word},
        "numbers": {"type": "array", "items": number},
        "table": {"type": "object", "additionalProperties": {"type": "string"}, "propertyNames": _form(field)},
    }
    return shapes[field.kind] | default


def _form(field: SettingField) -> Schema:
    """Its pattern must match the whole text; where the default is empty, an empty text is one too."""
    if not field.pattern:
        return {}
    empty = "|" if field.kind == "str" and field.default == "" else ""
    return {"pattern": f"^(?:{field.pattern}{empty})$"}


def _bounds(field: SettingField) -> Schema:
    bounds = {"minimum": field.least, "maximum": field.most}
    return {name: value for name, value in bounds.items() if value is not None}
