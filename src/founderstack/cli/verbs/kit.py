"""`founder kit`: one page to print and put in a drawer."""

from __future__ import annotations

import html
import sys
import textwrap
from datetime import UTC, datetime

from founderstack import locale, wiring
from founderstack.cli.terminal.options import Parser, parser
from founderstack.cli.terminal.typed import _
from founderstack.model.errors import EXIT_OK
from founderstack.model.events import Event
from founderstack.operations.backups.kit import Section, kit
from founderstack.operations.stack.prepare import prepare
from founderstack.world.source.checkout import this_tool
from founderstack.world.state.stack_file import find_stack_file

WIDTH = 80

_PAGE = """\
<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>
<style>
body {{ font: 11pt/1.4 sans-serif; max-width: 46em; margin: 2em auto; padding: 0 1em }}
h1 {{ font-size: 1.4em }} h2 {{ font-size: 1.1em; border-bottom: 1px solid; margin: 1.2em 0 .4em }}
dl {{ margin: 0 }} dt {{ font-weight: bold }} dd {{ margin: 0 0 .4em 1.5em; overflow-wrap: anywhere }}
dt, dd {{ break-inside: avoid }}
@page {{ margin: 15mm }}
</style></head><body>
<h1>{title}</h1>
{body}
</body></html>"""


def usage() -> Parser:
    """What may follow the verb."""
    options = parser("kit", example="founder kit --html > kit.html")
    options.add_argument("--html", action="store_true", help=_("a page for a browser's printer"))
    options.add_argument("--with-secrets", action="store_true", help=_("the passwords too; keep the page locked away"))
    return options


def run(arguments: list[str]) -> int:
    """Print the page; with secrets on it only where that is asked for, which is written down."""
    options = usage()
    given = options.parse_args(arguments)
    site = wiring.open_site(find_stack_file(given.file))
    sections = kit(site, prepare(site), this_tool(), with_secrets=given.with_secrets)
    today = datetime.fromtimestamp(site.clock.now(), UTC).date().isoformat()
    title = _("{name} on {host}, {date}").format(name=site.stack.name, host=site.machine.hostname, date=today)
    print(page(title, sections) if given.html else text(title, sections))
    if given.with_secrets:
        site.history.record(Event("done", "kit:with-secrets", site.clock.now()))
        print(_("This page holds passwords; that it was made is written down in the history."), file=sys.stderr)
    return EXIT_OK


def text(title: str, sections: tuple[Section, ...]) -> str:
    """The page as plain text; commands stay on one line, so that they can be typed as they are."""
    lines = [title, "=" * min(len(title), WIDTH)]
    for section in filter(lambda one: one.entries, sections):
        lines += ["", section.title.upper()]
        for entry in section.entries:
            told = f"{entry.label}: {entry.text}" if entry.text else f"{entry.label}:"
            lines += textwrap.wrap(
                told,
                WIDTH,
                initial_indent="  ",
                subsequent_indent="    ",
                break_long_words=False,
                break_on_hyphens=False,
            )
            if entry.command:
                lines.append(f"    $ {entry.command}")
    return "\n".join(lines)


def page(title: str, sections: tuple[Section, ...]) -> str:
    """The same as a page that prints well; it loads nothing."""
    body = []
    for section in filter(lambda one: one.entries, sections):
        body.append(f"<h2>{html.escape(section.title)}</h2>\n<dl>")
        for entry in section.entries:
            command = f"<dd><code>{html.escape(entry.command)}</code></dd>" if entry.command else ""
            told = f"<dd>{html.escape(entry.text)}</dd>" if entry.text else ""
            body.append(f"<dt>{html.escape(entry.label)}</dt>{told}{command}")
        body.append("</dl>")
    return _PAGE.format(language=locale.language(), title=html.escape(title), body="\n".join(body))
