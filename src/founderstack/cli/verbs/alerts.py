"""`founder alerts`: who is told when something breaks."""

from __future__ import annotations

from founderstack import wiring
from founderstack.cli.terminal import questions
from founderstack.cli.terminal.addresses import ask_address
from founderstack.cli.terminal.kinds import ADDRESSEE
from founderstack.cli.terminal.options import Parser, parser
from founderstack.cli.terminal.render import paint
from founderstack.cli.terminal.typed import _
from founderstack.locale import wire
from founderstack.model.alerts import SECRET_PREFIX
from founderstack.model.errors import EXIT_FAILED, EXIT_OK, EXIT_USAGE, StackError
from founderstack.operations.stack import alerts
from founderstack.operations.stack.site import Site
from founderstack.world.net import notify
from founderstack.world.os import files
from founderstack.world.state.stack_file import find_stack_file


def usage() -> Parser:
    """What may follow the verb."""
    options = parser("alerts", as_json=True, example="founder alerts add phone\nfounder alerts test")
    options.add_argument("action", nargs="?", choices=("list", "add", "remove", "test"), default="list")
    options.add_argument(
        "name", nargs="?", type=ADDRESSEE, default="", help=_("a name of yours for the address: phone, mail …")
    )
    return options


def run(arguments: list[str]) -> int:
    """List, add, remove or test addresses; an address is read from a prompt or standard input, never from argv."""
    options = usage()
    given = options.parse_args(arguments)
    options.only_with(given, "founder alerts add, remove and test", "name", there=given.action != "list")
    options.only_with(given, "founder alerts list", "--json", there=given.action == "list")
    site = wiring.open_site(find_stack_file(given.file))
    if given.action == "list":
        return _list(site, as_json=given.json)
    if given.action == "test":
        return _test(site, given.name)
    if not given.name:
        raise StackError(
            _("Which name?"),
            _("Each address has a name that you choose."),
            _("Name it: founder alerts {action} phone").format(action=given.action),
            exit_code=EXIT_USAGE,
        )
    return _add(site, given.name) if given.action == "add" else _remove(site, given.name)


def _list(site: Site, *, as_json: bool) -> int:
    state = wire.revived(files.read_json(site.places.files.alerts))
    arrived, failing = state.get("arrived") or {}, state.get("failing") or {}
    rows = [
        {
            "name": name,
            "address": notify.masked(site.secrets.get(SECRET_PREFIX + name)),
            "arrived": arrived.get(SECRET_PREFIX + name),
            "failing": _(why) if (why := failing.get(SECRET_PREFIX + name)) else "",
        }
        for name in alerts.addressees(site.secrets)
    ]
    if as_json:
        print(wire.dumps({"v": 1, "alerts": rows}, ensure_ascii=False))
        return EXIT_OK
    for row in rows:
        print(f"{row['name']:<16}{row['address']}")
        if row["failing"]:
            print("  " + paint(_("the last message did not arrive: {why}").format(why=row["failing"]), "red"))
    if not rows:
        print(_("Nobody is told when something breaks. Add an address: founder alerts add phone"))
    return EXIT_OK


def _add(site: Site, name: str) -> int:
    address = ask_address() if questions.somebody_there() else questions.piped()
    alerts.add(site, name, address, notify.deliver)
    print(
        paint("✓ ", "green") + _("A test message was delivered; alerts go to “{name}” from now on.").format(name=name)
    )
    return EXIT_OK


def _remove(site: Site, name: str) -> int:
    alerts.remove(site, name)
    print(_("“{name}” is told nothing any more.").format(name=name))
    return EXIT_OK


def _test(site: Site, name: str) -> int:
    """Send to each and say how each went; the exit code tells whether all arrived."""
    names = [name] if name else alerts.addressees(site.secrets)
    alerts.refuse_unknown(site, names)
    if not names:
        return _list(site, as_json=False) or EXIT_FAILED
    message, code = alerts.test_message(site), EXIT_OK
    for one in names:
        try:
            notify.deliver(site.secrets.get(SECRET_PREFIX + one), message.title, message.text)
            print(paint("✓ ", "green") + _("{name}: delivered").format(name=one))
        except StackError as error:
            code = EXIT_FAILED
            print(paint("✗ ", "red") + f"{one}: {error.summary}")
    return code
