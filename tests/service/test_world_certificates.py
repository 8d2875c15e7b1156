"""The stack's own authority and the gateway's certificate, on disk and in a real handshake."""

from __future__ import annotations

import socket
import ssl
import threading
from pathlib import Path

import pytest

from founderstack.model.errors import StackError
from founderstack.world.certificates import Pair, ensure_authority, ensure_certificate
from founderstack.world.clock import SystemClock

NAMES = ("localhost", "diary.example.com", "127.0.0.1", "::1")
DAY = 86_400


class LaterClock(SystemClock):
    """The machine's clock, some days on."""

    def __init__(self, days: float) -> None:
        self.days = days

    def now(self) -> float:
        return super().now() + self.days * DAY


def _contents(pair: Pair) -> tuple[bytes, bytes]:
    return Path(pair.certificate).read_bytes(), Path(pair.key).read_bytes()


def test_a_client_that_trusts_the_authority_trusts_the_server(tmp_path: Path) -> None:
    pair = ensure_certificate(str(tmp_path), NAMES, SystemClock())
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pair.certificate, pair.key)
    client = ssl.create_default_context(cafile=f"{tmp_path}/ca.crt")
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    for name in ("localhost", "diary.example.com", "127.0.0.1"):
        assert _handshake(server, client, name)
    with pytest.raises(ssl.SSLCertVerificationError):
        _handshake(server, client, "other.example.com")


def _handshake(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> bool:
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            server.wrap_socket(theirs, server_side=True).close()
        except OSError:
            theirs.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(ours, server_hostname=name) as secure:
            return secure.version() == "TLSv1.3"
    finally:
        ours.close()
        thread.join(10)


def test_keys_are_private_and_nothing_changes_the_second_time(tmp_path: Path) -> None:
    pair = ensure_certificate(str(tmp_path), NAMES, SystemClock())
    before = _contents(pair)
    assert ensure_certificate(str(tmp_path), NAMES, SystemClock()) == pair
    assert _contents(pair) == before
    assert {name: (tmp_path / name).stat().st_mode & 0o777 for name in ("ca.key", "server.key")} == {
        "ca.key": 0o600,
        "server.key": 0o600,
    }


def test_it_is_made_anew_when_it_ends_soon_or_names_differ_but_the_authority_stays(tmp_path: Path) -> None:
    pair = ensure_certificate(str(tmp_path), NAMES, SystemClock())
    authority, first = _contents(ensure_authority(str(tmp_path), SystemClock())), _contents(pair)
    ensure_certificate(str(tmp_path), NAMES, LaterClock(366))
    assert _contents(pair) == first
    ensure_certificate(str(tmp_path), NAMES, LaterClock(368))
    second = _contents(pair)
    assert second != first
    ensure_certificate(str(tmp_path), ("localhost",), LaterClock(368))
    assert _contents(pair) != second
    assert _contents(ensure_authority(str(tmp_path), LaterClock(368))) == authority


def test_a_key_that_is_not_its_own_is_replaced(tmp_path: Path) -> None:
    pair = ensure_certificate(str(tmp_path), NAMES, SystemClock())
    Path(pair.key).write_bytes((tmp_path / "ca.key").read_bytes())
    ensure_certificate(str(tmp_path), NAMES, SystemClock())
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(pair.certificate, pair.key)


@pytest.mark.parametrize("damage", ["ca.key missing", "ca.key torn", "ca.crt torn"])
def test_a_damaged_authority_is_told_and_not_replaced(tmp_path: Path, damage: str) -> None:
    ensure_certificate(str(tmp_path), NAMES, SystemClock())
    name, how = damage.split()
    path = tmp_path / name
    path.unlink() if how == "missing" else path.write_text("torn")
    left = (tmp_path / "ca.crt").read_bytes()
    with pytest.raises(StackError, match=r"authority in .* is damaged"):
        ensure_certificate(str(tmp_path), NAMES, SystemClock())
    assert (tmp_path / "ca.crt").read_bytes() == left


def test_a_start_that_was_cut_off_is_taken_up_again(tmp_path: Path) -> None:
    (tmp_path / "ca.key").write_text("half")
    ensure_certificate(str(tmp_path), NAMES, SystemClock())
