"""`founder rebuild`: a whole stack from its backups, on a machine that knows nothing of it."""

from __future__ import annotations

import argparse
import os
import re
import sys

from founderstack import wiring
from founderstack.cli.stack.changes import carry_out, consent, report
from founderstack.cli.terminal.keys import asked, key_of
from founderstack.cli.terminal.kinds import FILE, FOLDER
from founderstack.cli.terminal.manner import Manner, manner_of
from founderstack.cli.terminal.options import Parser, parser
from founderstack.cli.terminal.render import age, paint, seconds
from founderstack.cli.terminal.transfer import shows
from founderstack.cli.terminal.typed import _, typed
from founderstack.model.errors import EXIT_USAGE, StackError
from founderstack.operations.backups.listing import FUTURE
from founderstack.operations.backups.rebuild import Choice, bring_back, choose, end
from founderstack.operations.stack.step_report import megabytes
from founderstack.operations.stack.up import up
from founderstack.planner.backups.schedule import ahead
from founderstack.world.objects.s3 import Bucket
from founderstack.world.os import ambient
from founderstack.world.os.clock import SystemClock
from founderstack.world.os.machine import read_machine

_BUCKET = re.compile(r"s3://([^/]+)(?:/(.*?))?/?")


def run(arguments: list[str]) -> int:
    """Show which set comes back, how old it is and where it goes; then settings, databases, files, and all the rest."""
    given = _read(arguments)
    place = _place(given)
    origin = wiring.open_origin(place, key_of(given.key_file))
    choice = choose(origin, given.name, given.set, SystemClock().now())
    folder = os.path.abspath(given.into or choice.state.folder or choice.stack)
    manner = manner_of(given)
    if not manner.events:
        _show(choice, origin.where, folder)
    if not manner.yes:
        consent(_("Bring it back? [y/N] "), _("It makes a whole stack on this machine, and nobody can be asked here."))
    began = SystemClock().monotonic()
    site = bring_back(origin, choice, folder, wiring.opening_of(origin), shows(manner))
    agreed = Manner(yes=True, events=manner.events)
    prepared, _took = carry_out(site, up, agreed)
    refused = end(origin, choice, site)
    code = report(site, prepared, SystemClock().monotonic() - began, agreed)
    if not manner.events:
        print(
            "  " + _("Its stack file is {file}; run founder in that folder from now on.").format(file=site.stack.file)
        )
        if choice.one.manifest.repository.get("point"):
            text = _(
                "The log of changes goes on after that set. What was committed since comes back with, now: {command}"
            )
            print(paint("! ", "yellow") + text.format(command=typed("founder restore --whole-server")))
        for line in refused:
            print(paint("! ", "yellow") + line)
    return code


def usage() -> Parser:
    """What may follow the verb."""
    example = "founder rebuild --from s3://diary-backups --endpoint https://s3.example.com"
    options = parser("rebuild", stack=False, yes=True, example=example)
    options.add_argument(
        "--from",
        dest="place",
        required=True,
        metavar=_("PLACE"),
        type=FOLDER,
        help=_("s3://BUCKET/PREFIX or a folder with sets"),
    )
    options.add_argument("--endpoint", default="", metavar=_("ADDRESS"), help=_("address of the S3, https://…"))
    options.add_argument(
        "--region", default="us-east-1", metavar=_("REGION"), help=_("region that requests are signed for")
    )
    options.add_argument("--ca", type=FILE, default="", help=_("file with the authority of that server's certificate"))
    options.add_argument("--name", default="", metavar=_("NAME"), help=_("the stack, where the place has several"))
    options.add_argument("--set", default="", metavar=_("SET"), help=_("the set (default: the newest that is whole)"))
    options.add_argument(
        "--into", type=FOLDER, default="", help=_("folder for the stack file and the app (default: the name)")
    )
    options.add_argument(
        "--key-file", type=FILE, default="", help=_("file with the key (default: FOUNDER_BACKUP_KEY, or asked)")
    )
    return options


def _read(arguments: list[str]) -> argparse.Namespace:
    options = usage()
    given = options.parse_args(arguments)
    bucket = _BUCKET.fullmatch(given.place) is not None
    options.only_with(given, "--from s3://BUCKET/PREFIX", "--endpoint", "--region", "--ca", there=bucket)
    return given


def _place(given: argparse.Namespace) -> str | Bucket:
    found = _BUCKET.fullmatch(given.place)
    if found is None:
        folder = os.path.abspath(given.place)
        if os.path.isdir(folder):
            return str(folder)
        raise StackError(
            _("{place} is no place with backups").format(place=given.place),
            _("There is no such folder on this machine."),
            _("Name a folder, or a bucket: --from s3://BUCKET/PREFIX --endpoint https://…"),
            exit_code=EXIT_USAGE,
        )
    if not given.endpoint:
        raise StackError(
            _("It is not known where the bucket {bucket} is").format(bucket=found[1]),
            _("A bucket is found at the address of its provider."),
            _("Add it: --endpoint https://…; the page of “founder kit” has it."),
            exit_code=EXIT_USAGE,
        )
    key = ambient.given("FOUNDER_S3_KEY") or asked(_("Access key of the bucket: "), "FOUNDER_S3_KEY")
    secret = ambient.given("FOUNDER_S3_SECRET") or asked(_("Secret key of the bucket: "), "FOUNDER_S3_SECRET")
    return Bucket(given.endpoint, found[1], key, secret, given.region, found[2] or "", given.ca)


def _show(choice: Choice, where: str, folder: str) -> None:
    """What comes back, and what does not."""
    manifest, proof = choice.one.manifest, choice.one.proof
    old = age(max(SystemClock().now() - manifest.taken_at, 0.0))
    logged = bool(manifest.repository.get("point"))
    first = _("{stack}, as it was {age} ago; what came after that is lost.")
    if logged:
        first = _(
            "{stack}, as it was {age} ago; what the log of changes has after that comes back by a second command."
        )
    lines = [
        first.format(stack=choice.stack, age=old),
        _("From: {set} in {place}, {size}").format(set=manifest.id, place=where, size=megabytes(manifest.size)),
        _("Taken on: {host}, {os}, PostgreSQL {major}; this is {here}").format(
            host=manifest.host, os=manifest.os, major=manifest.major or "–", here=read_machine().os
        ),
        _("Into: {folder}").format(folder=folder),
    ]
    if proof is None:
        lines.append(_("It was never restored before, so it is not known how long that takes."))
    elif proof.ok:
        took = seconds(proof.seconds + proof.compared_s)
        lines.append(_("It is proven; its databases took {time}.").format(time=took))
    else:
        lines.append(_("A DRILL FOUND IT BAD: {why}").format(why=" ".join(proof.problems)))
    if ahead(manifest.taken_at, SystemClock().now()):
        lines.append(_(FUTURE))
    if choice.state.set:
        lines.append(_("It goes on where it stopped: {done}").format(done=", ".join(choice.state.done) or "–"))
    for line in lines:
        print(f"  {paint('+', 'green', sys.stderr)} {line}", file=sys.stderr)
