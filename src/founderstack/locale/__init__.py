"""The reader's language: gettext with our own catalogue, English in the source."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

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

    def translate(text: str) -> str:
        if isinstance(text, Sentence) and text.values:
            return found(text.template).format(**text.values)
        # For no text at all, gettext answers with the catalogue's header.
        return found(text) if text else text

    return translate


class Sentence(str):
    """An English text that knows what it was made of, so that whoever reads it elsewhere gets it in their language."""

    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str, values: Mapping[str, object] | None = None) -> Sentence:
        made = super().__new__(cls, template.format(**values) if values else template)
        made.template, made.values = template, values or {}
        return made

    def format(self, *_args: object, **values: object) -> Sentence:
        """The text with its values, which it remembers."""
        return Sentence(self.template, values)


def use_sentences() -> None:
    """Speak English from now on, in texts that can be translated by whoever gets them."""
    global _chosen, _translate
    _chosen, _translate = "en", lambda text: text if isinstance(text, Sentence) else Sentence(text)


def N_(text: str) -> str:
    """Mark text for translation where it is written; whoever shows it translates it."""
    return text


def _(text: str) -> str:
    """`text` in the reader's language. Values are filled in after: `_("Port {port}").format(port=80)`."""
    if _translate is None:
        use("")
    assert _translate is not None
    return _translate(text)
