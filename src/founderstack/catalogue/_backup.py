"""What every component that fills the role `backup` can be set: when, how many, and where to. Not a component."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from founderstack.model.backup import IDENTITY, S3_KEY, S3_SECRET
from founderstack.model.settings import setting

__all__ = ["IDENTITY", "S3_KEY", "S3_SECRET", "BackupSettings"]


@dataclass(frozen=True)
class BackupSettings:
    schedule: str = setting("03:30", pattern=r"([01][0-9]|2[0-3]):[0-5][0-9]|every [1-9][0-9]?h|never", example="03:30")
    """When a backup is taken: a time of the day (UTC), `every 6h`, or `never`."""
    keep_last: int = setting(7, least=1, most=1000)
    """Newest sets that are kept, however old."""
    keep_daily: int = setting(14, least=0, most=1000)
    """Days of which the last set is kept."""
    keep_weekly: int = setting(8, least=0, most=1000)
    """Weeks of which the last set is kept."""
    keep_monthly: int = setting(12, least=0, most=1000)
    """Months of which the last set is kept."""
    prove: Literal["daily", "weekly", "never"] = setting("weekly")
    """How often the newest set is restored beside the running database, to see that it can be."""
    prove_query: str = setting("")
    """A question to the restored database of the app that must get a row, such as `SELECT 1 FROM users LIMIT 1`."""
    folder: str = setting("", pattern=r"(/\S.*)?", example="/mnt/backups")
    """Where sets are kept on this machine; a folder of the stack's own state when empty."""
    s3_endpoint: str = setting(
        "",
        pattern=r"(https://[^\s/]+|http://(localhost|127\.0\.0\.1)(:[0-9]+)?)?",
        example="https://s3.eu-central-1.amazonaws.com",
    )
    """Address of an S3 to which each set is copied: any provider, or a server of your own."""
    s3_bucket: str = setting("", pattern=r"([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])?", example="diary-backups")
    """Bucket there; it must exist."""
    s3_region: str = setting("us-east-1", pattern=r"[a-z0-9-]+")
    """Region that requests are signed for."""
    s3_prefix: str = setting("", pattern=r"([A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*)?", example="backups")
    """What every object's name begins with, where the bucket holds other things too."""
    s3_ca: str = setting("", pattern=r"(/\S.*)?", example="/etc/ssl/own-ca.crt")
    """File with the authority of that server's certificate, where this machine does not know it."""
