"""What a founder is told once, after the first `up`."""

from __future__ import annotations

from founderstack.cli.render import paint
from founderstack.locale import _
from founderstack.operations.prepare import Prepared
from founderstack.operations.site import Site


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
        authority = f"{site.places.state}/tls/ca.crt"
        print(_("Your browser warns until it trusts this stack’s own authority: {path}").format(path=authority))
        print(
            "  "
            + _(
                "On Debian: cp {path} /usr/local/share/ca-certificates/founder-{name}.crt && update-ca-certificates"
            ).format(path=authority, name=site.stack.name)
        )
        print("  " + _("Firefox and Chrome keep their own list: import that file as an authority in their settings."))
    print(_("Next: open the app and sign up; “founder status” shows what runs, “founder kit” prints all you need."))
