"""What a founder is told once, after the first `up`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from founderstack.cli.terminal import questions
from founderstack.cli.terminal.render import paint, show_error
from founderstack.cli.terminal.typed import _
from founderstack.model.errors import StackError
from founderstack.operations.stack import alerts
from founderstack.operations.stack.prepare import Prepared
from founderstack.operations.stack.site import Site
from founderstack.world.os import files


@contextmanager
def first_run(site: Site) -> Iterator[bool]:
    """True where no `up` of this stack went through yet; one that fails leaves a mark, so that the next is told too."""
    mark = site.places.files.first_run
    # A secret that somebody gave before does not make it the second time.
    first = files.read_text(mark) is not None or set(site.secrets.names()) <= set(site.secrets.given())
    try:
        yield first
    except BaseException:
        if first and site.secrets.exists():
            files.write_atomic(mark, "", mode=0o600)
        raise
    files.remove_tree(mark)


def say_first_password(site: Site, prepared: Prepared) -> None:
    """The panel's sign-in, and how to trust the stack's certificates."""
    settings = site.stack.parts["panel"].settings
    print(
        "\n"
        + _("Sign in to the panel as {user} with the password {password}").format(
            user=paint(settings.admin, "bold"), password=paint(site.secrets.get("panel.admin"), "bold")
        )
    )
    print("  " + _("Said once; “founder secrets show panel.admin” tells it again, “rotate” makes another."))
    if not site.stack.domain:
        authority = site.places.files.authority
        print(_("Your browser warns until it trusts this stack’s own authority: {path}").format(path=authority))
        print(
            "  "
            + _(
                "On Debian: cp {path} /usr/local/share/ca-certificates/founder-{name}.crt && update-ca-certificates"
            ).format(path=authority, name=site.stack.name)
        )
        print("  " + _("Firefox and Chrome keep their own list: import that file as an authority in their settings."))
    print(_("Next: open the app and sign up; “founder status” shows what runs, “founder kit” prints all you need."))


def offer_alerts(site: Site) -> None:
    """Ask where to tell a person that something breaks, and see a test arrive; where nobody can be asked, say how."""
    if "alerts" not in site.stack.parts or alerts.addressees(site.secrets):
        return
    if not (questions.somebody_there() and sys.stdout.isatty()):
        print(_("Nobody is told when something breaks. Add an address: founder alerts add phone"))
        return
    from founderstack.cli.terminal.addresses import ask_address
    from founderstack.world.net.notify import deliver

    print("\n" + _("Where shall you be told when something breaks? Enter alone: later, with founder alerts add phone"))
    while address := ask_address():
        try:
            alerts.add(site, "me", address, deliver)
        except StackError as error:
            show_error(error)
        else:
            print(paint("✓ ", "green") + _("A test message was delivered."))
            return
