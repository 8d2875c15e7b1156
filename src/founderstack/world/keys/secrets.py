"""Secrets, generated or given: one 0600 file, and the only place where a reference becomes a value."""

from __future__ import annotations

import hashlib
import os
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from founderstack.locale import _
from founderstack.model.errors import EXIT_PRECONDITION, EXIT_USAGE, StackError
from founderstack.model.lost_secrets import PUT_BACK
from founderstack.model.process import secrets_in
from founderstack.world.keys.secret_forms import filtered
from founderstack.world.os.files import read_text, remove_tree, write_atomic

_FORMAT = 1
_BYTES = 24
"""192 bits, which are 32 letters that need no quoting in a URL, a shell or SQL."""
_SHORTEST = 22
"""Letters of 128 bits."""


@dataclass(frozen=True)
class _Content:
    salt: str
    values: Mapping[str, str]
    """Generated ones."""
    given: Mapping[str, str] = field(default_factory=dict)
    """Those of somebody else's making, such as the key of a storage provider: any text."""

    @property
    def all(self) -> Mapping[str, str]:
        """Both."""
        return {**self.values, **self.given}


class Secrets:
    """The secrets of one stack (a model.protocols.SecretStore). Every call reads the file as it is now."""

    def __init__(self, path: str) -> None:
        self._path = path

    @property
    def path(self) -> str:
        """The file."""
        return self._path

    def exists(self) -> bool:
        """False before the first secret was made, and after somebody removed the file."""
        return os.path.exists(self._path)

    def names(self) -> list[str]:
        """Every secret there is, in order."""
        return sorted(self._read().all)

    def given(self) -> list[str]:
        """Those that a person has given, in order: they are never made by the tool."""
        return sorted(self._read().given)

    def put(self, name: str, value: str) -> None:
        """Keep a value that a person has given, in the place of an earlier one."""
        content = self._read()
        self._write(replace(content, given={**content.given, name: value}))

    def remove(self, name: str) -> None:
        """Forget a value that a person has given; raises StackError where there is none of that name."""
        content = self._read()
        if name not in content.given:
            raise self._missing(name)
        self._write(replace(content, given={key: value for key, value in content.given.items() if key != name}))

    def ensure(self, names: Iterable[str]) -> list[str]:
        """Make the secrets that are missing; the names of those that were made."""
        content = self._read()
        made = [name for name in dict.fromkeys(names) if name not in content.all]
        if made:
            self._write(replace(content, values={**content.values, **{name: _made(name) for name in made}}))
        return made

    def get(self, name: str) -> str:
        """The value; raises StackError when there is none."""
        values = self._read().all
        if name not in values:
            raise self._missing(name)
        return values[name]

    def rotate(self, name: str) -> str:
        """A new value in the place of the old one, which is gone."""
        self.get(name)
        content = self._read()
        if name in content.given:
            raise StackError(
                _("The secret {name} cannot be made anew").format(name=name),
                _("Somebody else made it, and you have given it to the stack."),
                _("Get a new one where this one comes from, and give it in the same way."),
                exit_code=EXIT_PRECONDITION,
            )
        value = _made(name)
        if _is_identity(name):  # what was sealed for the former ones must be opened for as long as it is kept
            value = f"{value}\n{content.values[name]}"
        self._write(replace(content, values={**content.values, name: value}))
        return value

    def start_anew(self) -> None:
        """Forget every generated value; what the file held, damaged or not, is kept beside it as `.old` (0600).

        What a person has given stays, and so do the keys of backups that were taken, where the file can still be read.
        """
        given: Mapping[str, str] = {}
        identities: dict[str, str] = {}
        if os.path.exists(self._path):
            os.chmod(self._path, 0o600)
            content = _parse(read_text(self._path) or "")
            given = content.given if content else {}
            former = content.values if content else {}
            identities = {name: f"{_made(name)}\n{value}" for name, value in former.items() if _is_identity(name)}
            os.replace(self._path, f"{self._path}.old")
        self._write(_Content(_generate(), identities, given))

    def as_they_are(self) -> Callable[[], None]:
        """What puts the file back as it is now; where there is none, what removes the one that came."""
        before = read_text(self._path)

        def put_back() -> None:
            if before is None:
                remove_tree(self._path)
            else:
                write_atomic(self._path, before, mode=0o600)

        return put_back

    def put_back(self, text: str) -> None:
        """Take `text`, which the file once was, in its place; what is damaged is kept beside it as `.old` (0600).

        Raises StackError where the file can be read.
        """
        self.refuse_readable()
        content = _parse(text)
        if content is None:
            raise self._damaged()
        if self.exists():
            os.chmod(self._path, 0o600)
            os.replace(self._path, f"{self._path}.old")
        self._write(content)

    def refuse_readable(self) -> None:
        """Raise StackError where the file is there and whole: it is newer than any copy."""
        text = read_text(self._path)
        if text is not None and _parse(text) is not None:
            raise StackError(
                _("The secrets are not lost"),
                _("{path} can be read, and is newer than any backup.").format(path=self._path),
                _("To give it up all the same, move it away first: {command}").format(
                    command=shlex.join(["mv", self._path, f"{self._path}.old"])
                ),
                exit_code=EXIT_PRECONDITION,
            )

    def digests(self) -> dict[str, str]:
        """Name → digest, keyed by a salt that never leaves the file: it changes with the value and reveals nothing."""
        content = self._read()
        key = content.salt.encode()
        return {
            name: hashlib.blake2b(value.encode(), key=key, digest_size=10).hexdigest()
            for name, value in content.all.items()
        }

    def fill(self, text: str) -> str:
        """`text` with the value in the place of each reference (see model.process for the filters)."""
        found = list(secrets_in(text))
        if not found:
            return text
        salt = self._read().salt
        for reference, name, chosen in found:
            text = text.replace(reference, filtered(self.get(name), chosen, f"{salt}/{name}"))
        return text

    def _read(self) -> _Content:
        text = read_text(self._path)
        if text is None:
            return _Content(_generate(), {})
        self._refuse_open()
        content = _parse(text)
        if content is None:
            raise self._damaged()
        return content

    def _damaged(self) -> StackError:
        return StackError(
            _("The secrets file {path} is damaged").format(path=self._path),
            _("It was changed by hand or cut off; the stack's passwords cannot be read from it."),
            _(PUT_BACK),
            exit_code=EXIT_PRECONDITION,
        )

    def _missing(self, name: str) -> StackError:
        return StackError(
            _("There is no secret {name}").format(name=name),
            _("{path} does not hold it.").format(path=self._path),
            _("Run: founder secrets list")
            if self.exists()
            else _("Run “founder up”: it makes it, or says what is lost."),
            exit_code=EXIT_USAGE if self.exists() else EXIT_PRECONDITION,
        )

    def _refuse_open(self) -> None:
        if os.stat(self._path).st_mode & 0o077:
            raise StackError(
                _("The secrets file {path} can be read by other users").format(path=self._path),
                _("Its mode was changed; it must be 0600."),
                _("Run: chmod 600 {path}").format(path=self._path),
                exit_code=EXIT_PRECONDITION,
            )

    def _write(self, content: _Content) -> None:
        import json

        whole = {"format": _FORMAT, "salt": content.salt, "values": dict(content.values)}
        if content.given:
            whole["given"] = dict(content.given)
        write_atomic(self._path, json.dumps(whole, indent=2, sort_keys=True) + "\n", mode=0o600)


def _made(name: str) -> str:
    """A new value: a token, or the identity that backups are sealed for."""
    if not _is_identity(name):
        return _generate()
    from founderstack.world.keys.sealing import new_identity

    return new_identity()


def _is_identity(name: str) -> bool:
    """Keys of the age format: `backup.identity`. A file of theirs holds one a line, the newest first."""
    return name.endswith(".identity")


def _generate() -> str:
    import secrets

    return secrets.token_urlsafe(_BYTES)


def _parse(text: str) -> _Content | None:
    import json

    try:
        found = json.loads(text)
    except ValueError:
        return None
    if not isinstance(found, dict) or found.get("format") != _FORMAT:
        return None
    salt, values, given = found.get("salt"), found.get("values"), found.get("given", {})
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        return None
    if not _strong(salt) or not isinstance(values, dict) or not all(_strong(value) for value in values.values()):
        return None
    return _Content(str(salt), values, given)


def _strong(value: object) -> bool:
    return isinstance(value, str) and len(value) >= _SHORTEST
