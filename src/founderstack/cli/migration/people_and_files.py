"""People and files of a Supabase project, as the command line is told about them: keys, choices, where the app is."""

from __future__ import annotations

import argparse
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from founderstack import wiring
from founderstack.cli.terminal import questions
from founderstack.cli.terminal.kinds import FILE
from founderstack.cli.terminal.typed import _
from founderstack.migration.files.files import Files
from founderstack.migration.files.remote_access import Access, RestAccess, S3Access
from founderstack.migration.files.remote_files import RemoteFiles
from founderstack.migration.people.people import People
from founderstack.migration.people.rules import Rules
from founderstack.migration.steps import Extra
from founderstack.model.errors import EXIT_PRECONDITION, EXIT_USAGE, StackError
from founderstack.operations.stack.site import Site
from founderstack.world.net.postgres import Address
from founderstack.world.os import ambient, files

_KEPT = "choices.json"


def add_options(options: argparse.ArgumentParser) -> None:
    """What can be said about people and files; what was said stays said for the next command, keys excepted."""
    options.add_argument("--files-key", type=FILE, default="", help=_("a file with the storage’s key, or S3 key pair"))
    options.add_argument(
        "--files-url", default="", metavar=_("ADDRESS"), help=_("the source’s storage, where its address does not tell")
    )
    options.add_argument(
        "--files-region", default="", metavar=_("REGION"), help=_("the S3 region of the source’s storage")
    )
    options.add_argument("--without-files", action="store_true", help=_("leave stored files where they are"))
    options.add_argument(
        "--second-factor",
        choices=("closed", "dropped"),
        help=_("who had one waits for you (closed), or signs in without"),
    )
    options.add_argument(
        "--provider",
        action="append",
        default=[],
        metavar=_("NAME=OTHER"),
        help=_("what the app calls a sign-in provider"),
    )
    options.add_argument("--person", default="", metavar=_("ADDRESS"), help=_("release: who may sign in again"))


@dataclass(frozen=True)
class Extras:
    """The steps beside the database, for one command."""

    site: Site
    source: Address
    folder: str
    """Of the migration; choices are kept there."""
    given: argparse.Namespace
    asks: bool
    """True for a command that reads files, and so may ask a person for their key."""

    def steps(self, patience_s: float) -> tuple[Extra, ...]:
        """People, then files. Raises StackError where the app is not there or a key is of no use."""
        if "app" not in self.site.stack.parts:
            raise StackError(
                _("This stack has no app"),
                _("People and files move to where an app keeps them."),
                _("Add [app] to {file} and run “founder up”, or move the database alone: --database-only").format(
                    file=self.site.stack.file
                ),
                exit_code=EXIT_PRECONDITION,
            )
        choices = self._choices()
        rules = Rules(choices.get("second_factor", "closed"), choices.get("providers", {}))
        people = People(rules, wiring.migration_app(self.site))
        leave = bool(choices.get("without_files"))
        access = None if leave else self._access(choices)
        remote = RemoteFiles(access, self.site.clock, patience_s=patience_s) if access else None
        return people, Files(remote, wiring.migration_shelf(self.site), leave=leave)

    def _choices(self) -> dict[str, Any]:
        """What was chosen before, and what is chosen now."""
        path, given = os.path.join(self.folder, _KEPT), self.given
        kept = files.read_json(path)
        now = {
            "files_url": given.files_url,
            "files_region": given.files_region,
            "second_factor": given.second_factor,
            "providers": {**kept.get("providers", {}), **_pairs(given.provider)},
        }
        chosen = kept | {name: value for name, value in now.items() if value}
        if given.without_files or given.files_key:
            chosen["without_files"] = given.without_files
        if chosen != kept:
            files.write_atomic(path, json.dumps(chosen) + "\n", mode=0o600)
        return chosen

    def _access(self, choices: Mapping[str, Any]) -> Access | None:
        """How the storage is asked; None without a key."""
        words = self._key().split()
        if not words:
            return None
        project = _project(self.source)
        if len(words) == 1:
            url = choices.get("files_url") or (f"https://{project}.supabase.co" if project else "")
            return RestAccess(_told(url), words[0])
        url = choices.get("files_url") or (f"https://{project}.storage.supabase.co/storage/v1/s3" if project else "")
        pooler = re.fullmatch(r"aws-\d+-(.+)\.pooler\.supabase\.com", self.source.host)
        region = choices.get("files_region") or (pooler[1] if pooler else "us-east-1")
        return S3Access(_told(url), region, words[0], words[1], self.site.clock)

    def _key(self) -> str:
        """The key's text: of a file, the environment, or a person."""
        path = self.given.files_key
        if path:
            found = files.read_text(path)
            if found is None:
                raise StackError(
                    _("{path} is not there").format(path=path),
                    _("It was named as the file with the key of the source’s storage."),
                    _("Write the key into it, and run: chmod 600 {path}").format(path=path),
                    exit_code=EXIT_USAGE,
                )
            return found
        if key := ambient.given("FOUNDER_SOURCE_FILES_KEY"):
            return key
        if not self.asks or not questions.somebody_there() or self.given.json or self.given.events:
            return ""
        return questions.unseen(_("Key of the source’s storage (not shown; empty: none): "))


def _project(address: Address) -> str:
    """The project's name in the addresses of Supabase's cloud, "" elsewhere."""
    direct = re.fullmatch(r"db\.([a-z0-9]+)\.supabase\.co", address.host)
    pooled = re.fullmatch(r"[^.]+\.([a-z0-9]+)", address.user) if address.host.endswith(".supabase.com") else None
    found = direct or pooled
    return found[1] if found else ""


def _told(url: str) -> str:
    if url.startswith(("https://", "http://")):
        return url
    raise StackError(
        _("Where is the source’s storage?"),
        _("The database’s address does not tell."),
        _("Name it: --files-url https://HOST, or for S3 https://HOST/storage/v1/s3"),
        exit_code=EXIT_USAGE,
    )


def _pairs(given: list[str]) -> dict[str, str]:
    pairs = dict(text.rsplit("=", 1) for text in given if "=" in text)
    if len(pairs) == len(given) and all(pairs) and all(pairs.values()):
        return pairs
    raise StackError(
        _("--provider needs two names"),
        _("It says what the app calls a provider of the source’s."),
        _("For example: --provider azure=microsoft"),
        exit_code=EXIT_USAGE,
    )
