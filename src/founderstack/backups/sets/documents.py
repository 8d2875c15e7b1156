"""Manifests, facts and proofs as JSON, and back."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

from founderstack import locale
from founderstack.locale import Sentence, wire
from founderstack.model import backup
from founderstack.model.backup import Manifest, Proof

Kind = TypeVar("Kind")
_LATER = ("lacks", "outside", "refused", "replaced_by")
"""Fields of a manifest or a proof that came after the first ones were sealed."""


class LaterFormat(ValueError):
    """A later version of this tool has written it."""


def written(value: Any) -> bytes:
    """A value of `model.backup` as JSON, with what its texts were made of."""
    return _as_json(wire.plain({"format": backup.FORMAT, **dataclasses.asdict(value)}))


def read(kind: type[Kind], content: bytes) -> Kind:
    """The value in a JSON text; raises ValueError where it is not one of this kind.

    Keys that a later version added are passed over.
    """
    found = json.loads(content)
    if not isinstance(found, dict) or type(found.get("format")) is not int:
        raise ValueError("of no format")
    if found["format"] > backup.FORMAT:
        raise LaterFormat
    if found["format"] != backup.FORMAT:
        raise ValueError("of another format")
    try:
        return cast(Kind, _value(kind, wire.revived(found, _gives_its_text)))
    except (TypeError, AttributeError) as error:  # a list where a number was, and the like
        raise ValueError(str(error)) from None


def to_seal(value: Manifest | Proof) -> bytes:
    """What the seal is made of: all but the seal, and but what earlier versions did not write, where it says nothing:
    what they sealed is opened as before."""
    told = dataclasses.asdict(dataclasses.replace(value, seal="")).items()
    return _as_json({"format": backup.FORMAT} | {name: one for name, one in told if one or name not in _LATER})


def _as_json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _gives_its_text(text: Sentence) -> bool:
    """True where a text is what its origin gives in one of our languages: the seal covers the text alone."""
    return any(locale.translator(language)(text) == text for language in locale.LANGUAGES)


def _value(kind: Any, found: Any) -> Any:
    if dataclasses.is_dataclass(kind):
        hints = get_type_hints(kind)
        names = [field.name for field in dataclasses.fields(kind) if field.name in found]
        return cast(Any, kind)(**{name: _value(hints[name], found[name]) for name in names})
    if get_origin(kind) is tuple:
        inside = get_args(kind)
        kinds = [inside[0]] * len(found) if inside[-1] is Ellipsis else inside
        return tuple(_value(each, one) for each, one in zip(kinds, found, strict=True))
    if get_origin(kind) is Mapping:
        return {str(name): str(value) for name, value in found.items()}
    plain: Any = {float: (float, int), int: int, str: str, bool: bool}.get(kind, object)
    if not isinstance(found, plain):
        raise ValueError(f"{found!r} is no {kind}")
    return found
