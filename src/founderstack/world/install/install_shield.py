"""While packages are installed nothing starts by itself, and nothing new is left to start at the next boot.

Debian's packages start their service and enable it as they are installed; PostgreSQL's also creates a cluster. What
was there before the installation is left exactly as it was, running or not.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from founderstack.world.os.files import ensure_folder, read_text, remove_tree, write_atomic
from founderstack.world.os.processes import run
from founderstack.world.os.walking import walk

_POLICY_TEXT = """#!/bin/sh
# Founder Stack: no service starts while packages are installed. This file is removed right afterwards.
exit 101
"""
_CLUSTER_TEXT = """# Founder Stack: no cluster is created while packages are installed.
# This file is removed right afterwards.
create_main_cluster = off
"""


@dataclass(frozen=True)
class ShieldPlaces:
    """Where the shield stands, below `root` (other than "" for tests only)."""

    root: str = ""

    @property
    def policy(self) -> str:
        """Asked by invoke-rc.d and deb-systemd-invoke before they start anything; 101 forbids it."""
        return f"{self.root}/usr/sbin/policy-rc.d"

    @property
    def cluster(self) -> str:
        """Read by postgresql-common's own createcluster.conf."""
        return f"{self.root}/etc/postgresql-common/createcluster.d/founder-stack.conf"

    @property
    def before(self) -> str:
        """What would start at boot before the installation; there while one is under way or was cut off."""
        return f"{self.root}/var/lib/founder/installing"

    @property
    def units(self) -> str:
        return f"{self.root}/etc/systemd/system"

    @property
    def scripts(self) -> str:
        return f"{self.root}/etc/init.d"


@contextmanager
def no_service_starts(places: ShieldPlaces) -> Iterator[None]:
    """Hold the shield while the block installs packages; take it down whatever happens in there."""
    _put_up(places)
    try:
        yield
    finally:
        take_down(places)


def take_down(places: ShieldPlaces) -> None:
    """Keep what was installed from starting at boot, and remove the shield; also one that a killed run left.

    Nothing to do where there is none. A policy-rc.d or a setting of somebody else is never touched.
    """
    before = read_text(places.before)
    if before is not None:
        for link in sorted(_boot_links(places) - set(before.splitlines())):
            _disable(places, link)
    for path, text in ((places.policy, _POLICY_TEXT), (places.cluster, _CLUSTER_TEXT)):
        if _text(path) == text:
            remove_tree(path)
    _remove_if_empty(os.path.dirname(places.cluster))
    _remove_if_empty(os.path.dirname(os.path.dirname(places.cluster)))
    remove_tree(places.before)


def stands(places: ShieldPlaces) -> bool:
    """True while packages are being installed, and after an installation that was cut off."""
    return os.path.exists(places.before)


def _put_up(places: ShieldPlaces) -> None:
    # The list first: from here on, whatever is cut off can be put right by the next run.
    ensure_folder(os.path.dirname(places.before))
    write_atomic(places.before, "".join(f"{link}\n" for link in sorted(_boot_links(places))))
    if _text(places.policy) is None:
        write_atomic(places.policy, _POLICY_TEXT, mode=0o755)
    ensure_folder(os.path.dirname(places.cluster))
    write_atomic(places.cluster, _CLUSTER_TEXT)


def _boot_links(places: ShieldPlaces) -> set[str]:
    """What starts at boot: units that a target wants, and scripts in /etc/init.d."""
    found = set()
    for here, _folders, files in walk(places.units):
        if here.endswith((".wants", ".requires")):
            found |= {os.path.join(here, name) for name in files}
    if os.path.isdir(places.scripts):
        found |= {os.path.join(places.scripts, name) for name in os.listdir(places.scripts)}
    return found


def _disable(places: ShieldPlaces, link: str) -> None:
    if not link.startswith(f"{places.scripts}/"):
        # The link is all there is to an enabled unit; without it a later upgrade of the package leaves it disabled
        # too (deb-systemd-helper was-enabled). No systemd is needed for that, nor running.
        remove_tree(link)
    elif os.path.exists("/usr/sbin/update-rc.d"):
        run(["/usr/sbin/update-rc.d", os.path.basename(link), "disable"], check=False, to_its_end=True)


def _text(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return None


def _remove_if_empty(folder: str) -> None:
    try:
        os.rmdir(folder)
    except OSError:
        return
