"""JSON whose texts can be said in the language of whoever reads it: between processes, and in files.

A text stands there as everywhere, in the language of its writer. What it was made of stands beside it, under
`made_of`: `{"what": "El puerto 80 …", "made_of": {"what": ["Port {port} is taken", {"port": 80}]}}`; of a list of
texts, one for each, `null` for those that are plain. Programs that only want the text pass over it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, is_dataclass
from string import Formatter
from typing import Any

from founderstack.locale import Sentence

_MADE_OF = "made_of"
_LONGEST_FORMAT = 4
"""`.1f`, `02x`: what comes from elsewhere asks for no million blanks."""


def dumps(document: object, **options: Any) -> str:
    """`json.dumps`, with what its texts were made of."""
    return json.dumps(plain(document), **options)


def loads(content: str | bytes) -> Any:
    """`json.loads`, in which a text that says what it was made of is a `Sentence`."""
    return revived(json.loads(content))


def plain(document: Any) -> Any:
    """The document in values that JSON knows, with what its texts were made of beside them."""
    if isinstance(document, Mapping):
        made_of = {name: known for name, value in document.items() if (known := _known_of(value)) is not None}
        return {**{name: plain(value) for name, value in document.items()}, **({_MADE_OF: made_of} if made_of else {})}
    if isinstance(document, (list, tuple)):
        return [plain(value) for value in document]
    return plain(asdict(document)) if is_dataclass(document) and not isinstance(document, type) else document


def revived(document: Any, believed: Callable[[Sentence], bool] = lambda _text: True) -> Any:
    """What `plain` was given. A text whose origin makes no sense, or is not `believed`, stays the text that it is."""
    if isinstance(document, list):
        return [revived(value, believed) for value in document]
    if not isinstance(document, dict):
        return document
    made_of = document.get(_MADE_OF)
    if not (isinstance(made_of, dict) and made_of and made_of.keys() < document.keys()):
        return {name: revived(value, believed) for name, value in document.items()}
    found = {name: revived(value, believed) for name, value in document.items() if name != _MADE_OF}
    return found | {name: _revived_by(found[name], known, believed) for name, known in made_of.items()}


def _known_of(value: object) -> list[Any] | None:
    if isinstance(value, Sentence):
        return _origin(value) if value.values or value.template != value else None
    if isinstance(value, (list, tuple)):
        known = [_known_of(one) if isinstance(one, Sentence) else None for one in value]
        return known if any(known) else None
    return None


def _origin(text: Sentence) -> list[Any]:
    return [text.template, {name: _value(one) for name, one in text.values.items()}]


def _value(value: object) -> Any:
    if isinstance(value, Sentence):
        return _origin(value)
    return value if value is None or isinstance(value, (str, int, float)) else str(value)


def _revived_by(value: Any, known: Any, believed: Callable[[Sentence], bool]) -> Any:
    if isinstance(value, list):
        fits = isinstance(known, list) and len(known) == len(value)
        return [_revived_by(one, of, believed) for one, of in zip(value, known, strict=True)] if fits else value
    text = _sentence(known, value) if isinstance(value, str) else None
    return text if text is not None and believed(text) else value


def _sentence(known: Any, shown: str | None = None) -> Sentence | None:
    """The text that this is the origin of; None where it is none."""
    match known:
        case [str(template), dict(given)]:
            values = {name: _sentence(one) if isinstance(one, list) else one for name, one in given.items()}
            try:
                return Sentence(template, values, shown) if _harmless(template, values) else None
            except (ValueError, LookupError, TypeError):
                return None
    return None


def _harmless(template: str, values: Mapping[str, object]) -> bool:
    """True where it can be filled in, in any language, without reaching into anything or growing without bounds."""
    for _text, name, how, convert in Formatter().parse(template) if values else ():
        if name is not None and (
            name not in values or convert or "{" in (how or "") or len(how or "") > _LONGEST_FORMAT
        ):
            return False
    template.format(**values)
    return all(value is None or isinstance(value, (str, int, float)) for value in values.values())
