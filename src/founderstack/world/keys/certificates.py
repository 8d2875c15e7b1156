"""The stack's own certificate authority, and the certificate that the gateway shows."""

from __future__ import annotations

import datetime
import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from founderstack.locale import _
from founderstack.model.errors import EXIT_PRECONDITION, StackError
from founderstack.model.protocols import Clock
from founderstack.world.os.files import ensure_folder, read_text, write_atomic

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

_AUTHORITY_DAYS = 3650
_LEAF_DAYS = 397
"""Browsers refuse certificates that last longer than 398 days."""
_RENEW_DAYS = 30
_BACKDATED = datetime.timedelta(hours=1)
"""For clients whose clock is a little behind."""


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, as paths of PEM files."""

    certificate: str
    key: str


def ensure_authority(folder: str, names: Sequence[str], clock: Clock) -> Pair:
    """`ca.crt` (to be trusted by browsers) and `ca.key` (0600) in `folder`, made once and then kept for ten years.

    It may sign for `names` alone (RFC 5280, name constraints): whoever trusts it need not fear for other sites, should
    its key be lost. Where other names are wanted, another one takes its place and has to be trusted anew; the former
    stays beside it, as `ca.crt.before`. Raises StackError when one of its files is lost or damaged: then none is made
    by itself.
    """
    pair = Pair(os.path.join(folder, "ca.crt"), os.path.join(folder, "ca.key"))
    # The key comes first: a key without a certificate is a start that was cut off, which nobody has trusted yet.
    if (text := read_text(pair.certificate)) is None:
        ensure_folder(folder, mode=0o755)
        key = _new_key()
        _write_key(pair.key, key)
        write_atomic(pair.certificate, _pem(_authority_certificate(key, names, clock)))
    elif (root := _load(pair)) is None:
        raise StackError(
            _("The certificate authority in {folder} is damaged").format(folder=folder),
            _("{certificate} and {key} are not a pair.").format(certificate=pair.certificate, key=pair.key),
            _("Put both back from a copy; or remove both, run: founder up, and trust the new one in your browser."),
            exit_code=EXIT_PRECONDITION,
        )
    elif not _may_sign(root, names):
        write_atomic(f"{pair.certificate}.before", text)
        os.unlink(pair.certificate)  # first: a key without a certificate is a start that was cut off
        return ensure_authority(folder, names, clock)
    return pair


def ensure_certificate(folder: str, names: Sequence[str], clock: Clock, *, owner: str = "") -> Pair:
    """`server.crt` and `server.key` (0600, `owner`'s) in `folder`, for these DNS names and IP addresses.

    Made anew when less than 30 days are left, when the names differ, or when it does not fit its key or its authority.
    """
    authority = ensure_authority(folder, names, clock)
    pair = Pair(os.path.join(folder, "server.crt"), os.path.join(folder, "server.key"))
    if _still_good(pair, authority, names, clock):
        write_atomic(pair.key, read_text(pair.key) or "", mode=0o600, owner=owner)
        return pair
    key = _new_key()
    certificate = _leaf_certificate(key, authority, names, clock)
    _write_key(pair.key, key, owner)
    write_atomic(pair.certificate, _pem(certificate))
    return pair


def renewal_due(certificate: str) -> float:
    """Seconds since the epoch from which on the certificate at this path is made anew."""
    from cryptography import x509

    with open(certificate, "rb") as file:
        ends = x509.load_pem_x509_certificate(file.read()).not_valid_after_utc
    return ends.timestamp() - datetime.timedelta(days=_RENEW_DAYS).total_seconds()


def days_left(certificate: str, clock: Clock) -> float | None:
    """Days that a certificate is still good, below 0 when it has ended, None where there is none to be read."""
    from cryptography import x509

    text = read_text(certificate)
    if text is None:
        return None
    try:
        loaded = x509.load_pem_x509_certificate(text.encode())
    except ValueError:
        return None
    return (loaded.not_valid_after_utc - _today(clock)).total_seconds() / 86400


def _still_good(pair: Pair, authority: Pair, names: Sequence[str], clock: Clock) -> bool:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature

    certificate, root = _load(pair), _load(authority)
    if certificate is None or root is None:
        return False
    try:
        certificate.verify_directly_issued_by(root)
        alternative = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (InvalidSignature, ValueError, TypeError, x509.ExtensionNotFound):
        return False
    left = certificate.not_valid_after_utc - _today(clock)
    return set(alternative) == set(_general_names(names)) and left > datetime.timedelta(days=_RENEW_DAYS)


def _load(pair: Pair) -> x509.Certificate | None:
    """The certificate, None where it or its key is missing, unreadable or not the other's."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    certificate, key = read_text(pair.certificate), read_text(pair.key)
    if certificate is None or key is None:
        return None
    try:
        loaded = x509.load_pem_x509_certificate(certificate.encode())
        same = load_pem_private_key(key.encode(), None).public_key() == loaded.public_key()
    except (ValueError, TypeError):
        return None
    return loaded if same else None


def _may_sign(root: x509.Certificate, names: Sequence[str]) -> bool:
    """Whether all names are within the authority's constraints; one without constraints may sign everything."""
    from cryptography import x509

    try:
        allowed = root.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
    except x509.ExtensionNotFound:
        return True
    return set(_subtrees(names)) <= set(allowed)


def _permitted(names: Sequence[str]) -> list[x509.GeneralName]:
    """What an authority may sign for; where the names have no address, an address that nobody has."""
    from cryptography import x509

    found = _subtrees(names)
    # A kind of name that no subtree speaks of is not constrained at all.
    if not any(isinstance(name, x509.IPAddress) for name in found):
        found.append(x509.IPAddress(ipaddress.ip_network("255.255.255.255/32")))
    return found


def _subtrees(names: Sequence[str]) -> list[x509.GeneralName]:
    """The names as name constraints have them: each address is a network of its own."""
    from cryptography import x509

    return [
        x509.IPAddress(ipaddress.ip_network(name.value)) if isinstance(name, x509.IPAddress) else name
        for name in _general_names(names)
    ]


def _authority_certificate(key: ec.EllipticCurvePrivateKey, names: Sequence[str], clock: Clock) -> x509.Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    name = _name(f"Founder Stack on {os.uname().nodename}")
    usage = _key_usage(signs_certificates=True)
    return (
        _builder(name, name, key, _AUTHORITY_DAYS, clock)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.NameConstraints(_permitted(names), None), critical=True)
        .sign(key, hashes.SHA256())
    )


def _leaf_certificate(
    key: ec.EllipticCurvePrivateKey, authority: Pair, names: Sequence[str], clock: Clock
) -> x509.Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from cryptography.x509.oid import ExtendedKeyUsageOID

    root = _load(authority)
    signer = load_pem_private_key((read_text(authority.key) or "").encode(), None)
    # Parts of one service that know each other by certificate show the same one on both sides.
    both_sides = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    assert root is not None
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    return (
        _builder(_name(names[0]), root.subject, key, _LEAF_DAYS, clock)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(both_sides), critical=False)
        .add_extension(x509.SubjectAlternativeName(_general_names(names)), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: int, clock: Clock
) -> x509.CertificateBuilder:
    from cryptography import x509

    today = _today(clock)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - _BACKDATED)
        .not_valid_after(today - _BACKDATED + datetime.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general_names(names: Sequence[str]) -> list[x509.GeneralName]:
    return [_general_name(name) for name in names]


def _general_name(name: str) -> x509.GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _name(common: str) -> x509.Name:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    # RFC 5280 ends a common name at 64 letters; what counts are the alternative names.
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:64])])


def _today(clock: Clock) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(clock.now(), datetime.UTC).replace(microsecond=0)


def _new_key() -> ec.EllipticCurvePrivateKey:
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1())


def _write_key(path: str, key: ec.EllipticCurvePrivateKey, owner: str = "") -> None:
    from cryptography.hazmat.primitives import serialization

    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_atomic(path, pem, mode=0o600, owner=owner)


def _pem(certificate: x509.Certificate) -> str:
    from cryptography.hazmat.primitives import serialization

    return certificate.public_bytes(serialization.Encoding.PEM).decode()
