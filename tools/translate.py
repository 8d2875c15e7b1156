"""Brings the Spanish catalogue up to date with the source: `.venv-test/bin/python tools/translate.py`.

It collects every text for people from the source, keeps the translations there are, writes founderstack.po and
founderstack.mo, and names the texts that have no Spanish yet. To translate, edit founderstack.po and run it again.
A file in `parts/` (pairs of msgid and msgstr, no header) is taken over too, so that several people can write at once.
"""

from __future__ import annotations

import ast
import io
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

SOURCE = Path(__file__).parent.parent / "src/founderstack"
FOLDER = SOURCE / "locale/es/LC_MESSAGES"
PO = FOLDER / "founderstack.po"
MO = FOLDER / "founderstack.mo"

METHODS = [("**.py", "python"), ("panel/**.html", "jinja2")]
OPTIONS = {"panel/**.html": {"silent": "false"}}

# What argparse itself may print. It looks these up through the `_` that the command line gives it.
ARGPARSE = (
    "usage: ",
    "options",
    "positional arguments",
    "subcommands",
    "show this help message and exit",
    "show program's version number and exit",
    "%(prog)s: error: %(message)s\n",
    "argument %(argument_name)s: %(message)s",
    "unrecognized arguments: %s",
    "the following arguments are required: %s",
    "not allowed with argument %s",
    "one of the arguments %s is required",
    "expected one argument",
    "expected at most one argument",
    "expected at least one argument",
    ("expected %s argument", "expected %s arguments"),
    "ambiguous option: %(option)s could match %(matches)s",
    "ignored explicit argument %r",
    "invalid %(type)s value: %(value)r",
    "invalid choice: %(value)r (choose from %(choices)s)",
    "unknown parser %(parser_name)r (choices: %(choices)s)",
    "can't open '%(filename)s': %(error)s",
)

Msgid = str | tuple[str, ...]


def wanted() -> list[Msgid]:
    """Every text that a person may read, in English: of the source, of the components and of argparse."""
    found: set[Msgid] = {*ARGPARSE, *_texts_of_components()}
    for _, _, msgid, _, _ in extract_from_dir(SOURCE, METHODS, OPTIONS, DEFAULT_KEYWORDS):
        found.add(tuple(msgid) if isinstance(msgid, (list, tuple)) else msgid)
    found.discard("")
    return sorted(found, key=str)


def updated() -> Catalog:
    """The catalogue of exactly the wanted texts, with every translation that is known."""
    known = _known_translations()
    date = datetime(2026, 11, 24, tzinfo=UTC)  # a constant, so that the same texts give the same file
    catalogue = Catalog(
        locale="es",
        domain="founderstack",
        project="Founder Stack",
        version="1",
        copyright_holder="the Founder Stack authors",
        msgid_bugs_address="-",
        last_translator="-",
        language_team="es",
        creation_date=date,
        revision_date=date,
        fuzzy=False,
    )
    catalogue.header_comment = "# Spanish of Founder Stack. Brought up to date by tools/translate.py."
    for msgid in wanted():
        catalogue.add(msgid, known.get(msgid, ("", "") if isinstance(msgid, tuple) else ""))
    return catalogue


def rendered(catalogue: Catalog) -> tuple[bytes, bytes]:
    """The bytes of the .po and of the .mo."""
    po, mo = io.BytesIO(), io.BytesIO()
    write_po(po, catalogue, width=120, no_location=True, sort_output=True)
    write_mo(mo, catalogue)
    return po.getvalue(), mo.getvalue()


def missing(catalogue: Catalog) -> list[Message]:
    """The texts without a Spanish translation."""
    return [message for message in catalogue if message.id and not all(strings(message.string))]


def strings(text: str | Sequence[str] | None) -> tuple[str, ...]:
    """A message's one text, or its singular and plural."""
    return (text or "",) if text is None or isinstance(text, str) else tuple(text)


def _known_translations() -> dict[Msgid, Msgid]:
    known: dict[Msgid, Msgid] = {}
    for path in (PO, *sorted((FOLDER / "parts").glob("*.po"))):
        if not path.exists():
            continue
        with path.open("rb") as file:
            for message in read_po(file, locale="es", charset="utf-8", abort_invalid=True):
                if message.id and all(strings(message.string)) and not message.fuzzy:
                    known[_key(message.id)] = _key(message.string)
    return known


def _key(text: str | Sequence[str] | None) -> Msgid:
    texts = strings(text)
    return texts if len(texts) > 1 else texts[0]


def _texts_of_components() -> Iterator[str]:
    """What components and the runtime say of themselves, unmarked: it is translated where it is shown."""
    from founderstack.catalogue import COMPONENTS
    from founderstack.model.backup import Backup

    for component in COMPONENTS.values():
        yield component.backup.what if isinstance(component.backup, Backup) else component.backup.reason
        yield from (port.summary for port in component.ports)
    for path in (*SOURCE.glob("catalogue/*.py"), *SOURCE.glob("runtimes/**/*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.keyword) and node.arg == "summary" and isinstance(node.value, ast.Constant):
                yield str(node.value.value)


def main() -> int:
    """Write both files; 1 when a translation is missing."""
    catalogue = updated()
    FOLDER.mkdir(parents=True, exist_ok=True)
    po, mo = rendered(catalogue)
    PO.write_bytes(po)
    MO.write_bytes(mo)
    untranslated = missing(catalogue)
    for message in untranslated:
        print(f"no Spanish: {message.id!r}")
    print(f"{len(catalogue)} texts, {len(untranslated)} without Spanish")
    return 1 if untranslated else 0


if __name__ == "__main__":
    sys.exit(main())
