"""The stack's own authority and the gateway's certificate, on disk and in a real handshake."""

from __future__ import annotations

import socket
import ssl
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509 import AuthorityKeyIdentifier, CertificateBuilder, load_pem_x509_certificate

from founderstack.model.errors import StackError
from founderstack.world.keys.certificates import Pair, ensure_authority, ensure_certificate
from founderstack.world.os.clock import SystemClock

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
    authority, first = _contents(ensure_authority(str(tmp_path), NAMES, SystemClock())), _contents(pair)
    ensure_certificate(str(tmp_path), NAMES, LaterClock(366))
    assert _contents(pair) == first
    ensure_certificate(str(tmp_path), NAMES, LaterClock(368))
    second = _contents(pair)
    assert second != first
    ensure_certificate(str(tmp_path), ("localhost",), LaterClock(368))
    assert _contents(pair) != second
    assert _contents(ensure_authority(str(tmp_path), NAMES, LaterClock(368))) == authority


@pytest.mark.parametrize("name", ["bank.example", "10.0.0.1", "com"])
def test_the_authority_may_sign_for_the_stacks_own_names_alone(tmp_path: Path, name: str) -> None:
    """Somebody who got its key makes a certificate for another site: no browser takes it."""
    ours, forged = tmp_path / "ours", tmp_path / "forged"
    ensure_certificate(str(ours), NAMES, SystemClock())
    ensure_certificate(str(forged), (name,), SystemClock())
    for file in ("ca.crt", "ca.key"):
        (forged / file).write_bytes((ours / file).read_bytes())
    root, key = load_pem_x509_certificate((ours / "ca.crt").read_bytes()), (ours / "ca.key").read_bytes()
    signer = load_pem_private_key(key, None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    wanted = load_pem_x509_certificate((forged / "server.crt").read_bytes())
    builder = (
        CertificateBuilder()
        .subject_name(wanted.subject)
        .issuer_name(root.subject)
        .public_key(wanted.public_key())
        .serial_number(wanted.serial_number)
        .not_valid_before(wanted.not_valid_before_utc)
        .not_valid_after(wanted.not_valid_after_utc)
    )
    for extension in wanted.extensions:
        if not isinstance(extension.value, AuthorityKeyIdentifier):
            builder = builder.add_extension(extension.value, extension.critical)
    issuer = AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    made = builder.add_extension(issuer, critical=False).sign(signer, hashes.SHA256())
    (forged / "server.crt").write_bytes(made.public_bytes(Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(forged / "server.crt", forged / "server.key")
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        _handshake(server, ssl.create_default_context(cafile=str(ours / "ca.crt")), name)


def test_another_name_needs_another_authority_and_the_former_stays_beside_it(tmp_path: Path) -> None:
    former = _contents(ensure_authority(str(tmp_path), ("localhost",), SystemClock()))
    fewer = ensure_authority(str(tmp_path), ("localhost",), LaterClock(1))
    assert _contents(fewer) == former
    pair = ensure_certificate(str(tmp_path), ("localhost", "diary.example.com"), SystemClock())
    assert (tmp_path / "ca.crt.before").read_bytes() == former[0]
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pair.certificate, pair.key)
    assert _handshake(server, ssl.create_default_context(cafile=f"{tmp_path}/ca.crt"), "diary.example.com")


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
