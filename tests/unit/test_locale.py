"""Every text for people exists in Spanish, says the same values, and the compiled catalogue is the current one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from founderstack import locale
from tools import translate

VALUE = re.compile(r"\{[^{}]*\}|%\(\w+\)[a-z]|%[sdr]")
"""A place that is filled in later: `{port}`, `{seconds:.0f}`, `%(prog)s`."""

_FORMAL = (
    "abra actualice añada arranque arregle borre cambie cierre compruebe confirme consiga conserve consulte copie "
    "corrija cree cure defina deje detenga diga edite ejecute elija elimine envíe escriba espere firme guarde haga "
    "imprima indique inicie instale intente introduzca lea levante libere llame mire mueva nombre omita pegue "
    "permita pida ponga pruebe quite recupere reinicie repare repita responda restaure revise saque seleccione siga "
    "suba termine traiga vea verifique vuelva"
)
FORMAL = frozenset(_FORMAL.split())
"""Orders to somebody who is called “usted”; whoever reads this tool is called “tú”."""
ROOT = Path(__file__).parent.parent.parent
SPANISH_FILES = ("app/src/messages/es.ts", "README.es.md", "app/README.es.md")
ORDER = re.compile(r"(?:^|[.:;?!«(*\"] ?|, o )([A-ZÁÉÍÓÚa-záéíóúñ]+)(?=[ :])(?! de | del | y )", re.MULTILINE)
WORD = re.compile(r"\w+")
ASKED = re.compile(r"\b[Uu]sted(?:es)?\b|¿[^?]{0,80}\b(?:quiere|desea)\b|\b[Dd]ele\b")


def formal(text: str) -> list[str]:
    """What of a Spanish text speaks to “usted”."""
    orders = [word for word in ORDER.findall(text) if word.lower() in FORMAL]
    attached = {plain(f"{word}{ending}") for word in FORMAL for ending in ("lo", "la", "los", "las", "me", "le")}
    return [*orders, *(word for word in WORD.findall(text) if plain(word) in attached), *ASKED.findall(text)]


def plain(word: str) -> str:
    """A word in small letters without accents, which come with what is attached to it."""
    return word.lower().translate(str.maketrans("áéíóú", "aeiou"))


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    with translate.PO.open("rb") as file:
        return read_po(file, locale="es")


def test_every_text_has_a_spanish_translation() -> None:
    assert [message.id for message in translate.missing(translate.updated())] == []


def test_no_text_stands_inside_an_f_string_where_the_tool_that_collects_texts_does_not_look() -> None:
    found = [path.name for path in translate.SOURCE.rglob("*.py") if any(map(_is_a_text, _inside_f_strings(path)))]
    assert found == []


def _inside_f_strings(path: Path) -> Iterator[ast.AST]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr):
            yield from ast.walk(node)


def _is_a_text(node: ast.AST) -> bool:
    """Whether it is `_("…")`; `_(name)` says again what was collected elsewhere."""
    match node:
        case ast.Call(ast.Name("_"), [ast.Constant()]):
            return True
    return False


def test_the_catalogue_and_its_compiled_form_are_those_of_the_source() -> None:
    po, mo = translate.rendered(translate.updated())
    assert translate.PO.read_bytes() == po, "run .venv-test/bin/python tools/translate.py"
    assert translate.MO.read_bytes() == mo, "run .venv-test/bin/python tools/translate.py"


def test_no_translation_is_a_guess(catalogue: Catalog) -> None:
    assert [message.id for message in catalogue if message.id and message.fuzzy] == []


def test_a_translation_has_the_same_values_and_ends_as_its_text(catalogue: Catalog) -> None:
    wrong = []
    for message in catalogue:
        texts = translate.strings(message.id) if message.id else ()  # the header has no text
        for text, translation in zip(texts, translate.strings(message.string) if texts else (), strict=True):
            if translation and sorted(VALUE.findall(text)) != sorted(VALUE.findall(translation)):
                wrong.append(f"values: {text!r} → {translation!r}")
            if translation and _outer_space(text) != _outer_space(translation):
                wrong.append(f"spaces around: {text!r} → {translation!r}")
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Ejecute: founder up", ["Ejecute"]),
        ("Inténtelo de nuevo, o recupere otra copia", ["recupere", "Inténtelo"]),
        ("Ejecuta: founder up. Quien lo mire, que lo diga", []),
        ("¿Qué secreto quiere poner?", ["¿Qué secreto quiere"]),
    ],
)
def test_who_is_called_usted_is_noticed(text: str, found: list[str]) -> None:
    assert formal(text) == found


def test_whoever_reads_spanish_is_called_tu(catalogue: Catalog) -> None:
    texts = [text for message in catalogue if message.id for text in translate.strings(message.string)]
    texts += [
        (ROOT / file).read_text(encoding="utf-8") for file in (*SPANISH_FILES, *map(str, ROOT.glob("docs/*.es.md")))
    ]
    assert [(word, text[:80]) for text in texts for word in formal(text)] == []


def test_a_text_is_spoken_in_the_language_chosen_and_english_stays_as_it_is() -> None:
    assert locale.translator("es")("options") == "opciones"
    assert locale.translator("en")("options") == "options"
    assert locale.translator("es")("a text that nobody wrote") == "a text that nobody wrote"


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "es_MX.UTF-8"}, "es"),
        ({"LANG": "es_ES.UTF-8", "LC_ALL": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "fr:es"}, "es"),
    ],
)
def test_the_environment_decides_the_language(
    variables: dict[str, str], language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert locale.language_of_environment() == language


def _outer_space(text: str) -> tuple[str, str]:
    return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
