"""Apprise: tells the person in charge when something is wrong, by e-mail, webhook, ntfy, Telegram and many others."""

from __future__ import annotations

from dataclasses import dataclass

from founderstack.locale import N_
from founderstack.model.alerts import Limits
from founderstack.model.backup import NoBackup
from founderstack.model.component import Component, Provides, View
from founderstack.model.settings import setting


@dataclass(frozen=True)
class AlertSettings:
    """Where messages go is a secret, because addresses hold tokens: `founder alerts add` keeps it."""

    service_down_minutes: int = setting(2, least=1, most=1440)
    """How long a service must be down before somebody is told."""
    disk_free_percent: int = setting(10, least=1, most=90)
    """Free share of a disk below which somebody is told."""
    disk_full_within_hours: int = setting(72, least=1, most=720)
    """Somebody is told when the disk, filling as it has lately, is full within so many hours."""
    archive_queue: int = setting(64, least=2, most=100_000)
    """Pieces of the database's log (16 MiB each) that may wait to be archived before somebody is told."""
    remind_hours: int = setting(24, least=1, most=720)
    """How often a problem that lasts is told again."""


def limits(view: View) -> tuple[Limits, ...]:
    settings: AlertSettings = view.settings
    return (
        Limits(
            service_down_s=settings.service_down_minutes * 60.0,
            disk_free_percent=settings.disk_free_percent,
            disk_full_within_h=settings.disk_full_within_hours,
            archive_queue=settings.archive_queue,
            remind_h=settings.remind_hours,
        ),
    )


COMPONENT = Component(
    name="apprise",
    summary=N_("Alerts by e-mail, webhook, ntfy, Telegram and others"),
    role="alerts",
    optional=True,
    phase=1,
    backup=NoBackup("its addresses are secrets, which are kept with the others"),
    settings=AlertSettings,
    processes=lambda view: (),  # the agent starts it for each message and it ends
    ram_mib=60,
    provides=(Provides(Limits, limits),),
    replaces=("PagerDuty", "Better Stack alerts"),
)
