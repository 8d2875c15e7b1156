"""Asks once, at set-up, where copies shall go that leave the machine."""

from __future__ import annotations

import sys

from founderstack import wiring
from founderstack.cli.terminal import questions
from founderstack.cli.terminal.render import paint, show_error
from founderstack.cli.terminal.typed import _
from founderstack.model.backup import S3_KEY, S3_SECRET
from founderstack.model.errors import StackError
from founderstack.operations.stack.site import Site
from founderstack.stackfile.edit import with_setting
from founderstack.world.os import files

_LATER = "s3_endpoint, s3_bucket"


def offer_place(site: Site) -> None:
    """Ask for an S3, see that it takes an object, and write it down; where nobody can be asked, say how."""
    part = site.stack.parts.get("backup")
    if part is None or part.settings.s3_bucket:
        return
    if not (questions.somebody_there() and sys.stdout.isatty()):
        text = _("No copy leaves this machine. Add {keys} to [backup], then: founder secrets set {key}, {secret}")
        print(text.format(keys=_LATER, key=S3_KEY, secret=S3_SECRET))
        return
    print("\n" + _("Where shall copies go that leave this machine? Any S3 will do. Enter alone: later."))
    while endpoint := questions.typed(_("Address (https://…): ")):
        bucket = questions.typed(_("Bucket: "))
        key = bucket and questions.unseen(_("Key (not shown): ")).strip()
        secret = key and questions.unseen(_("Secret (not shown): ")).strip()
        if not secret:
            return
        try:
            _keep(site, {"s3_endpoint": endpoint, "s3_bucket": bucket}, {S3_KEY: key, S3_SECRET: secret})
        except StackError as error:
            show_error(error)
        else:
            print(paint("✓ ", "green") + _("It takes objects. The first copy goes there with: founder backup"))
            return


def _keep(site: Site, settings: dict[str, str], given: dict[str, str]) -> None:
    """All of it or nothing; raises StackError where the place does not take an object."""
    content = files.read_text(site.stack.file) or ""
    changed = content
    for name, value in settings.items():
        changed = with_setting(changed, "backup", name, value)
    stack = wiring.check_stack(changed.encode(), site.stack.file, site.machine)
    wiring.try_place(stack, site.places, given)
    with site.lock("up"):
        site.changed()
        for name, value in given.items():
            site.secrets.put(name, value)
        files.write_atomic(site.stack.file, changed)
