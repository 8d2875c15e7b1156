"""`founder backups`: what there is, where it is, and whether it was proven."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from founderstack import wiring
from founderstack.cli.terminal.options import Parser, parser
from founderstack.cli.terminal.render import age, paint, seconds
from founderstack.cli.terminal.typed import _
from founderstack.locale import wire
from founderstack.model.errors import EXIT_OK, EXIT_UNHEALTHY
from founderstack.operations.backups.listing import PRESSING, index
from founderstack.operations.stack.step_report import megabytes
from founderstack.world.state.stack_file import find_stack_file


def usage() -> Parser:
    """What may follow the verb."""
    return parser("backups", as_json=True, example="founder backups --json")


def run(arguments: list[str]) -> int:
    """The list; exit code 3 where something wants to be done."""
    given = usage().parse_args(arguments)
    site = wiring.open_site(find_stack_file(given.file))
    vault = wiring.open_vault(site, patient=False)
    now = site.clock.now()
    value = index(site.stack, vault.found(), now)
    if given.json:
        print(wire.dumps(value, ensure_ascii=False))
    else:
        print("\n".join(_table(value, now)))
    vault.write_index(value)  # last: on a full disk the list is what helps
    return EXIT_UNHEALTHY if set(value["warnings"]) & set(PRESSING) else EXIT_OK


def _table(value: dict[str, Any], now: float) -> list[str]:
    lines = [_row(one, now) for one in value["sets"]]
    heading = (_("SET"), _("AGE"), _("SIZE"), _("ENGINE"), _("PLACE"), _("PROVEN"))
    widths = [max(len(row[column]) for row in [heading, *lines]) for column in range(len(heading))]
    told = [paint(_joined(heading, widths), "dim")] if lines else []
    told += [_joined(row, widths) for row in lines]
    for one in value["sets"]:
        told += [f"  {paint('✗', 'red')} {one['id']}: {text}" for text in (*one["missing"], *one["lacks"])]
        not_its = [_("{name} is no proof of this backup").format(name=name) for name in one["forged"]]
        told += [f"  {paint('✗', 'red')} {one['id']}: {text}" for text in not_its]
    if any(one["replaced_by"] for one in value["sets"]):
        told.append(paint(_("A safety set holds what a restore has replaced; it stays for 30 days."), "dim"))
    newest = value["sets"][0]["outside"] if value["sets"] else []
    told += [f"  {paint('!', 'yellow')} {text}" for text in newest]
    for place in value["places"]:
        total = _("{name}: {size} in sets: {sets} · {where}").format(
            name=place["name"], sets=place["sets"], size=megabytes(place["bytes"]), where=place["where"]
        )
        told.append(paint(total, "dim"))
        told += [f"  {paint('✗', 'red')} {place['error']}"] if place["error"] else []
        told += [f"  {paint('✗', 'red')} {set_id}: manifest.json" for set_id in place["damaged"]]
        told += [f"  {paint('✗', 'red')} {set_id}: " + _("gone from there") for set_id in place["gone"]]
        told += [f"  {paint('!', 'yellow')} {set_id}: " + _("of a later version") for set_id in place["newer"]]
    if value["next"]:
        told.append(
            paint(_("Next: {when} UTC").format(when=f"{datetime.fromtimestamp(value['next'], UTC):%F %H:%M}"), "dim")
        )
    told += [paint("! ", "yellow") + _(text) for text in value["warnings"]]
    return told


def _row(one: dict[str, Any], now: float) -> tuple[str, ...]:
    proven = one["proven"]
    shown = _("not yet")
    if proven:
        word = _("in {time}").format(time=seconds(proven["seconds"])) if proven["ok"] else _("FAILED")
        shown = f"{'✓' if proven['ok'] else '✗'} {age(now - proven['at'])}, {word}"
    kind = _("safety set") if one["replaced_by"] else one["kind"]
    old = _("in the future") if one["future"] else age(now - one["taken_at"])
    return (one["id"], old, megabytes(one["size"]), f"{one['engine']} ({kind})", ", ".join(one["places"]), shown)


def _joined(row: tuple[str, ...], widths: list[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
