"""Manifests, facts and proofs as JSON, and back."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

from founderstack.model import backup
from founderstack.model.backup import Manifest, Proof

Kind = TypeVar("Kind")
_LATER = ("lacks", "outside", "refused", "replaced_by")
"""Fields of a manifest or a proof that came after the first ones were sealed."""


class LaterFormat(ValueError):
    """A later version of this tool has written it."""


def written(value: Any, without: tuple[str, ...] = ()) -> bytes:
    """A value of `model.backup` as JSON, `without` some of its fields; equal values give equal bytes."""
    told = {name: one for name, one in dataclasses.asdict(value).items() if name not in without}
    whole = {"format": backup.FORMAT, **told}
    return json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


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
        return cast(Kind, _value(kind, found))
    except (TypeError, AttributeError) as error:  # a list where a number was, and the like
        raise ValueError(str(error)) from None


def to_seal(value: Manifest | Proof) -> bytes:
    """What the seal is made of: all but the seal, and but what earlier versions did not write, where it says nothing:
    what they sealed is opened as before."""
    silent = tuple(name for name in _LATER if not getattr(value, name, True))
    return written(dataclasses.replace(value, seal=""), silent)


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
