"""Sealing: streams encrypted in the age format, so that a founder can open a set with Debian's `age` alone.

Source: https://age-encryption.org/v1 (X25519), by pyrage 1.4.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from founderstack.locale import _
from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.model.protocols import Source
from founderstack.world.os.thread_pipe import BUFFER, ThreadPipe

ENDING = ".age"


def new_identity() -> str:
    """A new key, `AGE-SECRET-KEY-1…`: who has it can open every set that is sealed for it."""
    from pyrage import x25519

    return str(x25519.Identity.generate())


class Key:
    """The stack's key: it seals for the newest of its identities and opens what any of them was sealed for."""

    def __init__(self, identities: str) -> None:
        """`identities` holds one AGE-SECRET-KEY-… a line, the newest first; raises StackError for anything else."""
        self._identities = [_parsed(line) for line in identities.split()]
        if not self._identities:
            raise _no_key()
        self._marks = [_mark(str(identity)) for identity in self._identities]

    @contextmanager
    def sealed(self, source: Source) -> Iterator[Source]:
        """What `source` gives, sealed while it is read; memory stays bounded."""
        import pyrage

        recipients = [self._identities[0].to_public()]
        once = _Once(source)

        def seal(writer: IO[bytes]) -> None:
            try:
                pyrage.encrypt_io(once, writer, recipients)
            except pyrage.EncryptError as error:
                raise once.problem or error from None

        with ThreadPipe(seal) as stream:
            yield stream

    @contextmanager
    def unsealed(self, source: Source, name: str) -> Iterator[Source]:
        """What was sealed. Raises StackError that tells a wrong key from damage, and names what was read."""
        import pyrage

        once = _Once(source)

        def unseal(writer: IO[bytes]) -> None:
            try:
                pyrage.decrypt_io(once, writer, self._identities)
            except BrokenPipeError:
                raise
            except (pyrage.DecryptError, OSError) as error:
                raise once.problem or _cannot_open(name, str(error)) from None

        with ThreadPipe(unseal) as stream:
            yield stream

    def mark(self, content: bytes) -> str:
        """A keyed digest of `content`, which only who has the key can make."""
        return hmac.new(self._marks[0], content, hashlib.sha256).hexdigest()

    def made(self, mark: str, content: bytes) -> bool:
        """True where `mark` was made of `content` with one of the identities."""
        return any(hmac.compare_digest(mark, hmac.new(key, content, hashlib.sha256).hexdigest()) for key in self._marks)


class _Once:
    """A source as the library wants it, which tells of the source's own error in a text of its own."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.problem: BaseException | None = None

    def read(self, size: int = -1) -> bytes:
        try:
            return self._source.read(min(size, BUFFER) if size >= 0 else BUFFER)
        except BaseException as problem:
            self.problem = problem
            raise


def _parsed(line: str) -> Any:
    import pyrage
    from pyrage import x25519

    try:
        return x25519.Identity.from_str(line)
    except pyrage.IdentityError:
        raise StackError(
            _("This is not a key of a backup"),
            _("A key begins with AGE-SECRET-KEY-1 and has 74 letters."),
            _("Copy it from the page that “founder kit --with-secrets” printed."),
            exit_code=EXIT_PRECONDITION,
        ) from None


def _mark(identity: str) -> bytes:
    return hashlib.blake2b(identity.encode(), digest_size=32, person=b"founder-manifest").digest()


def _no_key() -> StackError:
    return StackError(
        _("There is no key to open backups with"),
        _("The secret backup.identity is not there."),
        _("Run “founder up”, which makes it, or give the one on the page of “founder kit --with-secrets”."),
        exit_code=EXIT_PRECONDITION,
    )


def _cannot_open(name: str, said: str) -> StackError:
    if "matching keys" in said:
        return StackError(
            _("{name} cannot be opened with this key").format(name=name),
            _("It was sealed for another key."),
            _("Give the key on the page that “founder kit --with-secrets” printed for that stack."),
            exit_code=EXIT_PRECONDITION,
        )
    return StackError(
        _("{name} is damaged").format(name=name),
        _("What was read is not what was written ({error}).").format(error=said),
        _("Take another set: founder backups"),
    )
