"""The panel's pages as bytes, rendered when something changed and served as they are until it changes again."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from founderstack import locale
from founderstack.model.protocols import Clock
from founderstack.panel import tiles
from founderstack.panel.accounts import Role
from founderstack.panel.config import Config
from founderstack.panel.live import Live
from founderstack.panel.words import Translate

_HERE = os.path.dirname(__file__)
# Stand in the rendered page where each reader's own part goes; bytes that no template or text can hold.
_FORM_TOKEN, _USER, _NOTICE = "\x00form\x00", "\x00user\x00", "\x00notice\x00"

LANGUAGE_NAMES: Mapping[str, str] = {"en": "English", "es": "Español"}
STATIC_TYPES: Mapping[str, str] = {
    "panel.css": "text/css; charset=utf-8",
    "panel.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}


@dataclass(frozen=True)
class Notice:
    """What came of the last thing somebody did."""

    text: str
    detail: str = ""
    failed: bool = False


@dataclass(frozen=True)
class Reader:
    """Whom a page is for: everything that shapes it beside the state of the stack."""

    language: str
    role: Role = "viewer"


class Pages:
    """Renders for the two languages and the two roles."""

    def __init__(self, config: Config, live: Live, clock: Clock) -> None:
        self._config = config
        self._live = live
        self._clock = clock
        self._templates = Environment(
            loader=FileSystemLoader(f"{_HERE}/templates"),
            autoescape=True,
            auto_reload=False,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._translate = {language: locale.translator(language) for language in locale.LANGUAGES}
        self.static = {name: _content(name) for name in STATIC_TYPES}
        self._mark = hashlib.sha256(b"".join(self.static.values())).hexdigest()[:12]
        self._page_in: dict[Reader, tuple[int, bytes]] = {}
        self._tiles_in: dict[Reader, tuple[int, dict[str, bytes]]] = {}

    def home(self, reader: Reader, user: str, form_token: str, notice: Notice | None) -> bytes:
        """The page with all tiles."""
        version, page = self._page_in.get(reader, (-1, b""))
        if version != self._live.version:
            fragments = self.fragments(reader)
            page = self._page("home.html", reader.language, reader=reader, user=_USER, form_token=_FORM_TOKEN,
                              notice=_NOTICE, summary=Markup(fragments.pop("").decode()),  # noqa: S704 - our own
                              tiles=[Markup(fragment.decode()) for fragment in fragments.values()],  # noqa: S704
                              version=self._live.version)  # fmt: skip
            self._page_in[reader] = (self._live.version, page)
        shown = self._part("notice.html", reader.language, notice=notice) if notice else b""
        page = page.replace(_NOTICE.encode(), shown, 1).replace(_USER.encode(), escape(user).encode())
        return page.replace(_FORM_TOKEN.encode(), form_token.encode())

    def fragments(self, reader: Reader) -> dict[str, bytes]:
        """The summary under "", then every tile by name in the page's order; rendered once for all readers alike."""
        version, fragments = self._tiles_in.get(reader, (-1, {}))
        stale_s = self._live.stale_s
        if version == self._live.version:
            return dict(fragments)
        changed = set(self._live.processes) if stale_s or not fragments else set(self._live.changed_since(version))
        shown = self._shown(reader, stale_s)
        summary = tiles.summary(shown, self._translate[reader.language], stale_s)
        fresh = {"": self._part("summary.html", reader.language, summary=summary)}
        for one in shown:
            if one.key in changed or one.key not in fragments:
                fresh[one.key] = self._part("tile.html", reader.language, tile=one, reader=reader)
            else:
                fresh[one.key] = fragments[one.key]
        self._tiles_in[reader] = (self._live.version, fresh)
        return dict(fresh)

    def sign_in(self, language: str, form_token: str, next_path: str, *, user: str = "", problem: str = "") -> bytes:
        """The page that asks who is there."""
        return self._page("sign_in.html", language, form_token=form_token, next=next_path, user=user, problem=problem)

    def message(self, language: str, title: str, text: str) -> bytes:
        """A page that says one thing."""
        return self._page("message.html", language, title=title, text=text)

    def words(self, language: str) -> Translate:
        """What gives each text in a language."""
        return self._translate[language]

    def _shown(self, reader: Reader, stale_s: float) -> Sequence[tiles.Tile]:
        now, translate = self._clock.now(), self._translate[reader.language]
        found = [
            tiles.tile(name, said, translate, reader.language, now, stale_s, self._config.panel_url)
            for name, said in self._live.processes.items()
        ]
        return sorted(found, key=lambda one: one.order)

    def _page(self, template: str, language: str, **values: object) -> bytes:
        return self._part(template, language, config=self._config, mark=self._mark, languages=LANGUAGE_NAMES, **values)

    def _part(self, template: str, language: str, **values: object) -> bytes:
        rendered = self._templates.get_template(template).render(values, language=language, _=self._translate[language])
        return rendered.encode()


def _content(name: str) -> bytes:
    with open(f"{_HERE}/static/{name}", "rb") as file:
        return file.read()
