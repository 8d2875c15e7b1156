"""What stands before every page: only the gateway gets in, and every answer says how it may be used."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        b"form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    # Not "no-referrer": browsers would then send `Origin: null` with the panel's own forms.
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)
_CACHE = b"cache-control"
_NO_STORE = (_CACHE, b"no-store")
_OURS = frozenset(name for name, _value in HEADERS)
_PAGE_HEADERS = [(b"content-type", b"text/html; charset=utf-8"), *HEADERS, _NO_STORE]
_REFUSAL_HEADERS = [(b"content-type", b"text/plain; charset=utf-8"), *HEADERS, _NO_STORE]
_REFUSAL = b"Only through the gateway.\n"

Quick = Callable[[Scope], bytes | None]
"""Answers the commonest request without waiting for anything, with a page; None leaves it to the rest."""


class Guard:
    """Lets only requests through that carry the gateway's secret, and adds the security headers."""

    def __init__(self, app: ASGIApp, secret: str, quick: Quick) -> None:
        self._app = app
        self._secret = secret.encode()
        self._quick = quick

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif not hmac.compare_digest(_given(scope), self._secret):
            await _answer(send, 403, _REFUSAL, _REFUSAL_HEADERS)
        elif (found := self._quickly(scope)) is not None:
            await _answer(send, 200, found, _PAGE_HEADERS)
        else:
            await self._app(scope, receive, _with_headers(send))

    def _quickly(self, scope: Scope) -> bytes | None:
        try:
            return self._quick(scope)
        except Exception:  # a defect: the routes will meet it again, and they have a page for it
            return None


def _given(scope: Scope) -> bytes:
    """The secret in the request; two of them are as good as none."""
    given = [value for name, value in scope["headers"] if name == b"x-founder-gateway"]
    return bytes(given[0]) if len(given) == 1 else b""


async def _answer(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": status, "headers": [length, *headers]})
    await send({"type": "http.response.body", "body": body})


def _with_headers(send: Send) -> Callable[[Message], Awaitable[None]]:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [(name, value) for name, value in message.get("headers", ()) if name.lower() not in _OURS]
            if not any(name.lower() == _CACHE for name, _value in kept):
                kept.append(_NO_STORE)
            message["headers"] = [*kept, *HEADERS]
        await send(message)

    return send_with_headers
