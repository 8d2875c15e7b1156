"""The reader's language: gettext with our own catalogue, English in the source."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence

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


def number(value: float, digits: int, of: str = "") -> str:
    """A number for a person, with the decimal sign of a language: the one spoken now, or the one named."""
    text = f"{value:.{digits}f}"
    return text.replace(".", ",") if (of or language()) == "es" else text


def translator(language: str) -> Callable[[str], str]:
    """A function that gives each text in `language`; texts without a translation stay English."""
    found: Callable[[str], str] = str
    if language != "en":
        import gettext

        found = gettext.translation(DOMAIN, FOLDER, [language], fallback=True).gettext

    def translate(text: str) -> Sentence:
        if not isinstance(text, Sentence):
            # For no text at all, gettext answers with the catalogue's header.
            return Sentence(text, shown=found(text) if text else text)
        values = {name: translate(one) if isinstance(one, Sentence) else one for name, one in text.values.items()}
        shown = found(text.template) if text.template else ""
        return Sentence(text.template, values, shown.format(**values) if values else shown)

    return translate


class Sentence(str):
    """A text in the language of whoever made it, which knows its English and its values.

    So it can be said again in the language of each reader: by `_` or any `translator`, and in another process when it
    went there through `locale.wire`. Whatever else is done to it, as to any string, gives a plain one.
    """

    template: str
    """English, as the catalogue has it: `Port {port} is taken`."""
    values: Mapping[str, object]

    def __new__(cls, template: str, values: Mapping[str, object] | None = None, shown: str | None = None) -> Sentence:
        if shown is None:
            shown = template.format(**values) if values else template
        made = super().__new__(cls, shown)
        made.template, made.values = template, values or {}
        return made

    def format(self, *unnamed: object, **values: object) -> Sentence:
        """The text with its values, which it remembers; each has a name."""
        if unnamed:
            raise TypeError("a value of a text needs a name")
        return Sentence(self.template, values, super().format(**values))

    def __getnewargs__(self) -> tuple[str, Mapping[str, object], str]:  # type: ignore[override]  # for a copy
        return self.template, self.values, str(self)


def joined(separator: str, texts: Iterable[str]) -> Sentence:
    """`separator.join(texts)`, of which each part can still be said in another language."""
    values = {f"part{number}": text for number, text in enumerate(texts)}
    between = separator.replace("{", "{{").replace("}", "}}")
    return Sentence(between.join(f"{{{name}}}" for name in values), values)


def shortened(names: Sequence[str], most: int = 10, separator: str = ", ") -> str:
    """The first of them, and how many there are besides; "" where there are none."""
    shown = joined(separator, names[:most])
    more = len(names) - most
    return _("{names} and {count} more").format(names=shown, count=more) if more > 0 else shown


def N_(text: str) -> str:
    """Mark text for translation where it is written; whoever shows it translates it."""
    return text


def _(text: str) -> str:
    """`text` in the language spoken. Values are filled in after: `_("Port {port}").format(port=80)`."""
    if _translate is None:
        use("")
    assert _translate is not None
    return _translate(text)
