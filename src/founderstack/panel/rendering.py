"""Templates turned into bytes, in the reader's language."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from founderstack import locale
from founderstack.panel.config import Config
from founderstack.panel.people.accounts import Role
from founderstack.panel.shown.words import Translate, stamp, utc

_HERE = os.path.dirname(__file__)

LANGUAGE_NAMES: Mapping[str, str] = {"en": "English", "es": "Español"}
STATIC_TYPES: Mapping[str, str] = {
    "panel.css": "text/css; charset=utf-8",
    "people.css": "text/css; charset=utf-8",
    "panel.js": "text/javascript; charset=utf-8",
    "live.js": "text/javascript; charset=utf-8",
    "job.js": "text/javascript; charset=utf-8",
    "log.js": "text/javascript; charset=utf-8",
    "credentials.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}


@dataclass(frozen=True)
class Reader:
    """Whom a page is for: everything that shapes it beside the state of the stack."""

    language: str
    role: Role = "viewer"


class Templates:
    """The panel's templates."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._templates = Environment(
            loader=FileSystemLoader(f"{_HERE}/templates"),
            autoescape=True,
            auto_reload=False,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["utc"] = utc
        self._templates.filters["stamp"] = stamp
        self._translate = {language: locale.translator(language) for language in locale.LANGUAGES}
        self.static = {name: _content(name) for name in STATIC_TYPES}
        self._mark = hashlib.sha256(b"".join(self.static.values())).hexdigest()[:12]

    def page(self, template: str, language: str, **values: object) -> bytes:
        """A whole page; beside `values` its template gets the configuration and what every page shows."""
        return self.part(template, language, config=self._config, mark=self._mark, languages=LANGUAGE_NAMES, **values)

    def part(self, template: str, language: str, **values: object) -> bytes:
        """A piece of a page; its template gets `values`, `language` and `_`."""
        rendered = self._templates.get_template(template).render(values, language=language, _=self._translate[language])
        return rendered.encode()

    def words(self, language: str) -> Translate:
        """What gives each text in a language."""
        return self._translate[language]


def _content(name: str) -> bytes:
    with open(f"{_HERE}/static/{name}", "rb") as file:
        return file.read()
