"""Where a migration comes from and goes to, as the command line is told: addresses, passwords, progress."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import cast

from founderstack import wiring
from founderstack.cli.migration.people_and_files import Extras
from founderstack.cli.terminal import questions
from founderstack.cli.terminal.events import tell_event
from founderstack.cli.terminal.typed import _
from founderstack.locale import number
from founderstack.migration.run import Migration
from founderstack.migration.source import Source
from founderstack.migration.values import Kind, Options, Progress
from founderstack.model.errors import EXIT_USAGE, StackError
from founderstack.model.events import Event
from founderstack.operations.stack.site import Site
from founderstack.world.net import postgres
from founderstack.world.net.postgres import Address
from founderstack.world.os import ambient, files
from founderstack.world.os.clock import SystemClock

Tell = Callable[[Progress], None]

SUPABASE: Kind = "supabase"
_REDRAW_S = 0.2


@dataclass(frozen=True)
class Moving:
    """A migration as its options describe it."""

    site: Site
    source: str
    """`supabase`, an address, or "" for the one of the time before."""
    given: argparse.Namespace

    def migration(self, tell: Tell, options: Options, *, reads_only: bool, asks: bool) -> Migration:
        """The migration; its address is kept for the next command, its password is not."""
        target = wiring.migration_target(self.site)  # before anything is asked for
        folder = self.site.places.files.migration
        kind, address = self._address(files.read_json(f"{folder}/source.json"))
        files.ensure_folder(folder, mode=0o700)
        options = replace(options, leave=remembered(folder, kind, address, options.leave))
        with_extras = kind == SUPABASE and not self.given.database_only
        extras = Extras(self.site, address, folder, self.given, asks).steps(options.patience_s) if with_extras else ()
        return Migration(
            extras=extras,
            source=Source(self._with_password(address)),
            target=replace(target, reads_only=reads_only),
            kind=kind,
            folder=folder,
            options=options,
            clock=self.site.clock,
            tell=tell,
        )

    def _address(self, kept: dict[str, object]) -> tuple[Kind, Address]:
        told = self.source if self.source not in ("", SUPABASE) else self.given.url or ambient.source_url()
        if told:
            address = postgres.parse(told)
            if address.password and told in (self.source, self.given.url):
                raise StackError(
                    _("The address holds a password"),
                    _("Everybody on this machine can read the command line, and your shell keeps it."),
                    _("Take it out of the address, change it, and give it in a file: --password-file FILE"),
                    exit_code=EXIT_USAGE,
                )
            hosted = address.host.endswith((".supabase.co", ".supabase.com"))
            kind: Kind = SUPABASE if hosted or self.source == SUPABASE else "plain"
            return kind, _encrypted(address)
        if kept.get("url") and (not self.source or self.source == kept.get("kind")):
            address = postgres.parse(str(kept["url"]))
            pairs = cast("list[list[str]]", kept.get("options") or [])
            return cast("Kind", kept["kind"]), replace(address, options=tuple((key, value) for key, value in pairs))
        if self.source and (answer := questions.typed(_("The source’s address: "))):
            return SUPABASE, _encrypted(postgres.parse(answer))
        raise StackError(
            _("Where from?"),
            _("No source was named, and none is known from before."),
            _("Name it: founder migrate supabase --url postgres://postgres.PROJECT@HOST:5432/postgres"),
            exit_code=EXIT_USAGE,
        )

    def _with_password(self, address: Address) -> Address:
        if self.given.password_file:
            found = files.read_text(self.given.password_file)
            if found is None:
                raise StackError(
                    _("{path} is not there").format(path=self.given.password_file),
                    _("It was named as the file with the source’s password."),
                    _("Write the password into it, and run: chmod 600 {path}").format(path=self.given.password_file),
                    exit_code=EXIT_USAGE,
                )
            return address.with_password(found.strip("\r\n"))
        if password := ambient.source_password():
            return address.with_password(password)
        if address.password or not questions.somebody_there():
            return address
        return address.with_password(
            questions.unseen(_("Password of {user} at the source (not shown): ").format(user=address.user))
        )


def remembered(folder: str, kind: Kind, address: Address, leave: Sequence[str]) -> tuple[str, ...]:
    """Keep the source for the next command, never its password; all that was left behind of it, also before."""
    path = f"{folder}/source.json"
    before = files.read_json(path)
    names = [*cast("list[str]", before.get("leave") or []), *leave] if before.get("url") == address.url else leave
    kept = {"kind": kind, "url": address.url, "options": [list(pair) for pair in address.options]}
    kept["leave"] = list(dict.fromkeys(names))
    files.write_atomic(path, json.dumps(kept) + "\n", mode=0o600)
    return tuple(dict.fromkeys(names))


@contextmanager
def progress_in(events: bool) -> Iterator[Tell]:
    """Shows how far it is: one line drawn over on a terminal, events for programs, a line now and then elsewhere."""
    clock = SystemClock()
    shown = _Shown(clock, live=sys.stderr.isatty() and not events)

    def tell(progress: Progress) -> None:
        if events:
            detail = f"{progress.done}/{progress.total} {progress.unit} {progress.detail}".strip()
            tell_event(Event("progress", f"migrate:{progress.step}", clock.now(), detail=detail))
        else:
            shown.show(progress)

    try:
        yield tell
    finally:
        shown.end()


class _Shown:
    """One line with the rate and the time left."""

    def __init__(self, clock: SystemClock, *, live: bool) -> None:
        self._clock, self._live = clock, live
        self._step, self._began, self._last, self._first = "", 0.0, 0.0, 0

    def show(self, progress: Progress) -> None:
        """Show it, not more often than somebody can read."""
        now = self._clock.monotonic()
        if progress.step != self._step:
            self._step, self._began, self._first = progress.step, now, progress.done
        elif now - self._last < (_REDRAW_S if self._live else 10):
            return
        self._last = now
        text = self._text(progress, now - self._began)
        print(f"\r\x1b[2K{text}" if self._live else text, end="" if self._live else "\n", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave the line."""
        if self._live and self._step:
            print("\r\x1b[2K", end="", file=sys.stderr, flush=True)

    def _text(self, progress: Progress, took: float) -> str:
        if not progress.total:
            return f"{progress.step}: {progress.detail}"
        size = 2**20 if progress.unit == "bytes" else 1
        unit = "MiB" if progress.unit == "bytes" else progress.unit
        moved = progress.done - self._first
        if not moved or took <= 0:
            return (
                f"{progress.step}: {progress.done // size} / {progress.total // size} {unit} {progress.detail}".rstrip()
            )
        rate = moved / took
        left = (progress.total - progress.done) / rate
        text = _("{step}: {done} of {total} {unit} · {rate} {unit}/s · {left:.0f} s left {detail}")
        return text.format(
            step=progress.step,
            done=progress.done // size,
            total=progress.total // size,
            unit=unit,
            rate=number(rate / size, 1),
            left=left,
            detail=progress.detail,
        ).rstrip()


def _encrypted(address: Address) -> Address:
    """A connection that leaves this machine is encrypted, unless the address says otherwise."""
    away = address.host not in ("localhost", "127.0.0.1", "::1") and not address.host.startswith("/")
    return replace(address, options=(("sslmode", "require"),)) if away and not address.options else address
