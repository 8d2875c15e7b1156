"""`founder upgrade`: another version of the tool, made ready beside this one, for the stack that runs on."""

from __future__ import annotations

import json
import os
import sys
from contextlib import nullcontext
from dataclasses import dataclass

from founderstack import __version__, wiring
from founderstack.cli.stack.changes import consent
from founderstack.cli.terminal.options import Parser, parser
from founderstack.cli.terminal.render import paint
from founderstack.cli.terminal.typed import _
from founderstack.model.errors import EXIT_OK, EXIT_PRECONDITION, StackError
from founderstack.operations.stack.prepare import prepare
from founderstack.operations.stack.site import Site
from founderstack.planner import versions as planner
from founderstack.planner.versions import Upgrade
from founderstack.world.os.become import become
from founderstack.world.source.checkout import tool_folder
from founderstack.world.source.versions import Versions
from founderstack.world.state.stack_file import find_stack_file

_MOST_NEWS = 60


@dataclass(frozen=True)
class Asked:
    """What somebody wants of this command."""

    yes: bool
    preview: bool
    as_json: bool


def run(arguments: list[str]) -> int:
    """Fetch, make ready, show, ask once, switch, bring the stack to it. The stack serves all the while."""
    options = usage()
    given = options.parse_args(arguments)
    options.apart(given, "--back", "--to")
    options.apart(given, "--preview", "--yes")
    asked = Asked(given.yes, given.preview or (given.json and not given.yes), given.json)
    versions = Versions(tool_folder())
    site = _site(given.file)
    if site:
        with site.lock("upgrade"):
            pass  # who changes the stack now is named before anything is fetched
    with versions.only_one():
        name, change = _back(versions) if given.back else _forward(versions, given.to, asked)
        if change.new == change.old:
            return _newest(site, asked)
        _offer(versions, name, change, site, asked)
        if asked.preview:
            return EXIT_OK
        plan = versions.plan(name, site.stack.file)["digest"] if site else ""
        with site.lock("upgrade") if site else nullcontext():
            versions.switch(name)
        versions.prune()
    return _bring(versions, name, change, site, plan, asked)


def usage() -> Parser:
    """Its options."""
    options = parser("upgrade", as_json=True, example="founder upgrade --preview")
    options.description = " ".join(
        (
            _("Bring the tool to a newer version, and the stack to what that makes of its file."),
            _("The new version is made ready beside the one that runs; the app serves all the while."),
        )
    )
    options.add_argument("--yes", "-y", action="store_true", help=_("do not ask"))
    options.add_argument("--to", default="", metavar="VERSION", help=_("this version (default: the newest)"))
    options.add_argument("--back", action="store_true", help=_("the version that was here before"))
    options.add_argument("--preview", action="store_true", help=_("say what would change, and change nothing"))
    return options


def _site(file: str) -> Site | None:
    """The stack that runs here, None where there is none or it is down: then the tool alone is changed."""
    try:
        path = find_stack_file(file)
    except StackError:
        if file:
            raise
        return None
    site = wiring.open_site(path)
    return site if any(one.up for one in site.runtime.observe().processes.values()) else None


def _forward(versions: Versions, wanted: str, asked: Asked) -> tuple[str, Upgrade]:
    """The tag to go to, "" where there is nothing newer, and what it brings; it is ready then."""
    if not wanted or f"v{wanted.removeprefix('v')}" not in versions.tags():
        versions.fetch()
    new = planner.target(__version__, versions.tags(), wanted)
    if new == __version__:
        return "", Upgrade(new, new)
    tag = f"v{new}"
    _refuse_own_changes(versions, tag)
    versions.refuse_full_disk()
    if not asked.as_json:
        print(_("Making version {version} ready beside this one …").format(version=new), file=sys.stderr)
    versions.make(tag)
    return tag, Upgrade(__version__, new, planner.news(versions.changelog(tag), __version__, new))


def _back(versions: Versions) -> tuple[str, Upgrade]:
    name = versions.before
    if name is None or not os.path.exists(versions.launcher(name)):
        raise StackError(
            _("There is no version to go back to"),
            _("None was upgraded here, or it was removed."),
            _("A version is named by: founder upgrade --to VERSION"),
            exit_code=EXIT_PRECONDITION,
        )
    said = versions.carry_out(name, ("--version",))
    return name, Upgrade(__version__, said.out.strip().removeprefix("founder "))


def _refuse_own_changes(versions: Versions, tag: str) -> None:
    changed = versions.own_changes(tag)
    if changed:
        shown = ", ".join(changed[:5]) + (" …" if len(changed) > 5 else "")
        raise StackError(
            _("This copy of the tool has changes of its own"),
            _("The new version would not have them: {files}").format(files=shown),
            _("See them with “git status” and “git log” in {folder}; put them away, or merge {tag} yourself.").format(
                folder=versions.checkout, tag=tag
            ),
            exit_code=EXIT_PRECONDITION,
        )


def _newest(site: Site | None, asked: Asked) -> int:
    if asked.as_json:
        print(json.dumps({"v": 1, "from": __version__, "to": __version__, "news": [], "plan": None, "done": False}))
    else:
        print(_("Version {version} is the newest.").format(version=__version__))
        if site and prepare(site).plan.steps:
            print("  " + _("This stack has not been brought to it yet: founder up"))
    return EXIT_OK


def _offer(versions: Versions, name: str, change: Upgrade, site: Site | None, asked: Asked) -> None:
    """Show what changes, and ask; raises StackError where the answer is no."""
    if asked.as_json:
        if asked.preview:
            plan = versions.plan(name, site.stack.file) if site else None
            print(json.dumps(_document(change, done=False) | {"plan": plan}, ensure_ascii=False))
        return
    stream = sys.stdout if asked.preview else sys.stderr
    for line in _lines(versions, name, change, site):
        print(line, file=stream)
    if asked.preview or asked.yes:
        return
    consent(
        _("Go on with version {version}? [y/N] ").format(version=change.new),
        _("Another version of the tool is to run here, and nobody can be asked."),
        _("Read what changes, then run the command again with --yes."),
    )


def _lines(versions: Versions, name: str, change: Upgrade, site: Site | None) -> list[str]:
    lines = [paint(f"Founder Stack {change.old} → {change.new}", "bold"), *change.news[:_MOST_NEWS]]
    if len(change.news) > _MOST_NEWS:
        lines.append(_("… {count} more lines in CHANGELOG.md").format(count=len(change.news) - _MOST_NEWS))
    if site:
        lines += ["", _("What it changes in the stack “{name}”:").format(name=site.stack.name)]
        lines.append(versions.shown_plan(name, site.stack.file).rstrip())
    else:
        lines += ["", _("No stack runs here: the tool alone changes.")]
    return lines


def _bring(versions: Versions, name: str, change: Upgrade, site: Site | None, plan: str, asked: Asked) -> int:
    """Have the version that is started from now on bring the stack to what it makes of its file."""
    if site is None:
        told = _document(change, done=True)
        print(json.dumps(told) if asked.as_json else _("Version {version} runs here now.").format(version=change.new))
        return EXIT_OK
    words = ("up", "--yes", "--plan", plan, "--file", site.stack.file)
    if not asked.as_json:
        back = _("The version before is kept; back to it: founder upgrade --back")
        print(paint("✓ ", "green", sys.stderr) + back, file=sys.stderr)
        become((f"{versions.checkout}/founder", *words))
    said = versions.carry_out(name, (*words, "--events"))
    lines = said.out.strip().splitlines()
    print(json.dumps(_document(change, done=True) | {"up": json.loads(lines[-1]) if lines else None}))
    return said.code


def _document(change: Upgrade, *, done: bool) -> dict[str, object]:
    return {"v": 1, "from": change.old, "to": change.new, "news": list(change.news), "done": done}
