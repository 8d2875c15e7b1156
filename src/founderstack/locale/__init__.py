"""The reader's language: gettext with our own catalogue, English in the source."""

from __future__ import annotations

import os
from collections.abc import Callable

DOMAIN = "founderstack"
FOLDER = os.path.dirname(__file__)
LANGUAGES = ("en", "es")

_chosen = ""
_translate: Callable[[str], str] | None = None


def language_of_environment() -> str:
    """The first of our languages that LANGUAGE, LC_ALL, LC_MESSAGES or LANG asks for; English otherwise."""
    for variable in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        for wanted in os.environ.get(variable, "").split(":"):
            if wanted[:2] in LANGUAGES:
                return wanted[:2]
    return "en"


def use(language: str) -> None:
    """Speak `language` from now on; "" means the environment's."""
    global _chosen, _translate
    _chosen = language or language_of_environment()
    _translate = translator(_chosen)


def language() -> str:
    """The language spoken now."""
    return _chosen or language_of_environment()


def translator(language: str) -> Callable[[str], str]:
    """A function that gives each text in `language`; texts without a translation stay English."""
    if language == "en":
        return str
    import gettext

    found = gettext.translation(DOMAIN, FOLDER, [language], fallback=True).gettext
    # For no text at all, gettext answers with the catalogue's header.
    return lambda text: found(text) if text else text


def N_(text: str) -> str:
    """Mark text for translation where it is written; whoever shows it translates it."""
    return text


def _(text: str) -> str:
    """`text` in the reader's language. Values are filled in after: `_("Port {port}").format(port=80)`."""
    if _translate is None:
        use("")
    assert _translate is not None
    return _translate(text)
