"""Signatures under reports: a key of the stack's own, and a form that openssl can check alone."""

from __future__ import annotations

import base64
import os

from founderstack.world.os.files import write_atomic


def sign(content: bytes, key_file: str) -> str:
    """Signature of `content` (Ed25519, base64); the key is made where there is none, its public half beside it.

    `openssl pkeyutl -verify -pubin -inkey KEY.pub -rawin -in FILE -sigfile SIGNATURE` checks it, the signature decoded.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if not os.path.exists(key_file):
        made = Ed25519PrivateKey.generate()
        private = made.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        write_atomic(key_file, private.decode(), mode=0o600)
    with open(key_file, "rb") as file:
        key = serialization.load_pem_private_key(file.read(), None)
    assert isinstance(key, Ed25519PrivateKey)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    write_atomic(f"{key_file}.pub", public.decode(), mode=0o644)
    return base64.b64encode(key.sign(content)).decode()


def signed(content: bytes, signature: str, public_key: str) -> bool:
    """True where the signature is the key's under exactly this content."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    key = serialization.load_pem_public_key(public_key.encode())
    assert isinstance(key, Ed25519PublicKey)
    try:
        key.verify(base64.b64decode(signature), content)
    except (InvalidSignature, ValueError):
        return False
    return True
