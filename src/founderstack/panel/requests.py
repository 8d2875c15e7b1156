"""What a request says, read with care: nothing in it is believed before it was checked here."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request

LARGEST_FORM = 16 * 1024
_OWN_PATH = re.compile(r"/(?:[A-Za-z0-9._~-]+/)*[A-Za-z0-9._~-]*")


class FormRefused(Exception):
    """A form that does not come from a page of ours."""


def next_path(text: str) -> str:
    """Where to go after sign-in: a plain path on this origin, else the front page."""
    parts = text.split("/")
    return text if _OWN_PATH.fullmatch(text) and ".." not in parts and "." not in parts else "/"


async def read_form(request: Request, expected_token: str) -> Mapping[str, str]:
    """The fields of a form that one of our pages sent; raises FormRefused for any other."""
    if not _from_here(request):
        raise FormRefused
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FORM:
            raise FormRefused
    try:
        fields = dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=20))
    except ValueError:
        raise FormRefused from None
    given = fields.get("form", "").encode()
    if not expected_token or not hmac.compare_digest(given, expected_token.encode()):
        raise FormRefused
    return fields


def client_address(request: Request) -> str:
    """The client's address, as the gateway saw it."""
    return request.headers.get("x-real-ip", "")[:64]


def _from_here(request: Request) -> bool:
    """Whether the browser says that a page of this origin sent it; one that says nothing is judged by its token.

    The app is on another port of the same host, so its pages are "same-site" and its cookies ours to read: the
    session cookie alone proves nothing about who wrote the form.
    """
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host", ""):
        return False
    return request.headers.get("sec-fetch-site", "same-origin") == "same-origin"
