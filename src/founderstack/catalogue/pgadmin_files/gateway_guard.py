"""The guard between the gateway and pgAdmin: who may speak to it, and as whom.

pgAdmin trusts its own session cookie for a day, whoever brings it. The guard therefore stands in front of
every request, inside pgAdmin's own process, and

* refuses what does not carry the gateway's secret, so a neighbour on the same machine gets nothing;
* refuses requests that another origin's page makes (cookies do not tell ports apart, origins do);
* hands pgAdmin the person the gateway vouched for as `REMOTE_USER`, which no client header can reach;
* seals pgAdmin's session cookie to that person and that sign-in of the panel, so the cookie opens nothing for
  somebody else in the same browser, nor for the same person after signing out.

Standard library only: it runs in pgAdmin's environment, where nothing of this project is installed.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

SECRET_HEADER = "HTTP_X_FOUNDER_GATEWAY"
PERSON_HEADER = "HTTP_X_FOUNDER_USER"
SIGN_IN_HEADER = "HTTP_X_FOUNDER_SESSION"
LANGUAGE_COOKIE = "PGADMIN_LANGUAGE"

PERSON = re.compile(r"[!-~]{1,64}")
SIGN_IN = re.compile(r"[A-Za-z0-9_-]{16,128}")

# Headers that would let a client choose an identity, an address or a mount point. Flask, pgAdmin and Gunicorn
# read some of them; the rest are dropped so that a later version that starts reading them gains nothing.
CLIENT_CLAIMS = ("HTTP_X_FOUNDER_", "HTTP_X_FORWARDED_", "HTTP_X_PGADMIN_", "HTTP_REMOTE_", "HTTP_PROXY")
CLIENT_CLAIM_NAMES = frozenset({"HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_X_SCRIPT_NAME", "HTTP_X_SCHEME"})

# pgAdmin's own accounts have no passwords here, so its password pages could only confuse.
CLOSED_PATHS = ("/browser/reset_password", "/browser/change_password", "/reset", "/change", "/mfa")


@dataclass(frozen=True)
class SignOn:
    """Who the gateway vouched for, and in which sign-in of the panel."""

    person: str
    sign_in: str


@dataclass(frozen=True)
class Guard:
    """A WSGI application that lets through to `app` only what the gateway sent for a signed-in person."""

    app: Application
    secret: str
    mount: str
    session_cookie: str

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        sign_on = self._sign_on(environ)
        path = self._path_inside(environ.get("PATH_INFO", ""))
        if sign_on is None or not comes_from_own_origin(environ):
            return _answer(start_response, "403 Forbidden")
        if path is None or _is_closed(path):
            return _answer(start_response, "404 Not Found")
        self._prepare(environ, sign_on, path)

        def sealed_start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            return start_response(status, self._sealed_headers(headers, sign_on), *rest)

        return self.app(environ, sealed_start)

    def _sign_on(self, environ: Environ) -> SignOn | None:
        """The sign-on the gateway vouches for, or None when the request did not come through the gateway."""
        offered = str(environ.get(SECRET_HEADER, "")).encode("latin-1", "replace")
        if not self.secret or not hmac.compare_digest(offered, self.secret.encode()):
            return None
        person, sign_in = environ.get(PERSON_HEADER, ""), environ.get(SIGN_IN_HEADER, "")
        if not PERSON.fullmatch(person) or not SIGN_IN.fullmatch(sign_in):
            return None
        return SignOn(person, sign_in)

    def _path_inside(self, path: str) -> str | None:
        """The path below the mount point; None for anything else."""
        if path == self.mount or path.startswith(self.mount + "/"):
            return path[len(self.mount) :] or "/"
        return None

    def _prepare(self, environ: Environ, sign_on: SignOn, path: str) -> None:
        """Replace everything the client could have said about itself with what the gateway said."""
        for name in [name for name in environ if name.startswith(CLIENT_CLAIMS) or name in CLIENT_CLAIM_NAMES]:
            del environ[name]
        cookies = _cookies(environ.pop("HTTP_COOKIE", ""))
        environ.update(
            REMOTE_USER=sign_on.person,
            REMOTE_ADDR="127.0.0.1",
            SCRIPT_NAME=self.mount,
            PATH_INFO=path,
            HTTP_COOKIE=self._opened_cookies(cookies, sign_on, environ.get("HTTP_ACCEPT_LANGUAGE", "")),
        )
        environ["wsgi.url_scheme"] = "https"

    def _opened_cookies(self, cookies: dict[str, str], sign_on: SignOn, accept_language: str) -> str:
        """The Cookie header for pgAdmin: its own session if sealed for this sign-on, and the language."""
        seal, _, value = cookies.get(self.session_cookie, "").partition(".")
        opened = {LANGUAGE_COOKIE: cookies.get(LANGUAGE_COOKIE) or _language(accept_language)}
        if value and hmac.compare_digest(seal.encode("latin-1", "replace"), self._seal(value, sign_on).encode()):
            opened[self.session_cookie] = value
        return "; ".join(f"{name}={value}" for name, value in opened.items())

    def _sealed_headers(self, headers: list[tuple[str, str]], sign_on: SignOn) -> list[tuple[str, str]]:
        """The response's headers with the session cookie sealed, and no cookie the guard would not take back."""
        sealed = []
        for name, text in headers:
            if name.lower() != "set-cookie":
                sealed.append((name, text))
                continue
            cookie, _, rest = text.partition("=")
            value, semicolon, attributes = rest.partition(";")
            if cookie == self.session_cookie and value:
                text = f"{cookie}={self._seal(value, sign_on)}.{value}{semicolon}{attributes}"
            if cookie in (self.session_cookie, LANGUAGE_COOKIE):
                sealed.append((name, text))
        return sealed

    def _seal(self, value: str, sign_on: SignOn) -> str:
        # NUL cannot occur in a header, so the three parts cannot be shifted into each other.
        sealed = "\0".join(("pgadmin-session", sign_on.person, sign_on.sign_in, value))
        return hmac.new(self.secret.encode(), sealed.encode("latin-1", "replace"), hashlib.sha256).hexdigest()


def comes_from_own_origin(environ: Environ) -> bool:
    """Whether a page of this origin, the address bar or a link made the request.

    The app runs on the same host under another port: same-site for cookies, yet another origin. pgAdmin's
    Socket.IO answers any origin, so the check has to be here. A link from elsewhere may only open a page.
    """
    origin = environ.get("HTTP_ORIGIN")
    if origin is not None and origin != f"https://{environ.get('HTTP_HOST', '')}":
        return False
    site = environ.get("HTTP_SEC_FETCH_SITE", "none")
    is_page = environ.get("HTTP_SEC_FETCH_DEST") == "document" and environ.get("REQUEST_METHOD") == "GET"
    return site in ("same-origin", "none") or is_page


def _is_closed(path: str) -> bool:
    return any(path == closed or path.startswith(closed + "/") for closed in CLOSED_PATHS)


def _cookies(header: str) -> dict[str, str]:
    """The raw cookies of a request. The first of a name wins, as browsers send the longest path first."""
    cookies: dict[str, str] = {}
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        cookies.setdefault(name, value)
    return cookies


def _language(accept_language: str) -> str:
    return "es" if accept_language.strip().lower().startswith("es") else "en"


def _answer(start_response: StartResponse, status: str) -> Iterable[bytes]:
    body = status.encode() + b"\n"
    headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
    start_response(status, headers)
    return [body]
