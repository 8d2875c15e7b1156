"""The way out where the file of the secrets is lost or damaged, in English; it is translated where it is said."""

from __future__ import annotations

from founderstack.locale import N_

PUT_BACK = N_(
    "With the key of the backups, which stands on paper, bring them back from the newest one: founder secrets restore. "
    "Without it, make new ones for every service: founder secrets rotate --all"
)
