"""A bucket, and what is said of it where it does not answer or refuses."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from founderstack.locale import _
from founderstack.model.errors import EXIT_PRECONDITION, StackError

TRIES = 7
"""Of one request, about a minute in all: 0, 1, 2, 4, 8, 16, 32 s between them."""
_STATUS = re.compile(r"(?:status code|Response code:) (\d{3})")
_AGAIN = ("408", "429")
_LONGEST = 200
_BUSY = (
    "InternalError",
    "ServiceUnavailable",
    "SlowDown",
    "SlowDownRead",
    "SlowDownWrite",
    "XMinioServerNotInitialized",
)


@dataclass(frozen=True)
class Bucket:
    """Where a bucket is and how to sign in to it."""

    endpoint: str
    """`https://host:port`."""
    bucket: str
    key: str
    secret: str
    region: str = ""
    prefix: str = ""
    """What every object's name begins with, without slashes at its ends."""
    ca: str = ""
    """File with the authorities to trust, the machine's own when empty."""
    tries: int = TRIES
    cure: str = ""
    """What mends it when it does not answer or refuses; what a provider's bucket needs when empty."""

    @property
    def where(self) -> str:
        """Its address, for a person."""
        return f"s3://{self.bucket}{'/' + self.prefix if self.prefix else ''} ({self.endpoint})"


def unreachable(bucket: Bucket, error: Exception) -> StackError:
    """The error for a server that gives no answer, or one that is none of S3."""
    reason = getattr(error, "reason", None) or error
    if "CERTIFICATE_VERIFY_FAILED" in str(reason):
        return StackError(
            _("{place} cannot be trusted").format(place=bucket.where),
            _("Its certificate is not of an authority that this machine trusts ({error}).").format(error=reason),
            _('Give that authority\'s certificate in the stack file: [backup] s3_ca = "FILE"'),
            exit_code=EXIT_PRECONDITION,
        )
    status = _STATUS.search(str(error))
    if status and status[1] in ("401", "403"):
        return refused(bucket, "AccessDenied", _("It answers with status {status}.").format(status=status[1]))
    if (status and status[1] < "500" and status[1] not in _AGAIN) or type(error).__name__ in (
        "ParseError",
        "ValueError",
    ):
        return StackError(
            _("{place} does not answer as an S3 does").format(place=bucket.where),
            _("It answers with status {status}.").format(status=status[1])
            if status
            else _("What it says cannot be read."),
            bucket.cure or _("Mend s3_endpoint in the stack file: it is the address of the S3 itself, not of a page."),
            exit_code=EXIT_PRECONDITION,
        )
    return StackError(
        _("{place} cannot be reached").format(place=bucket.where),
        _("It was asked again and again. {error}").format(
            error=_("It answers with status {status}.").format(status=status[1])
            if status
            else _in_words(bucket, reason)
        ),
        bucket.cure or _("Look whether the provider works and the address is right, then run the command again."),
    )


def refused(bucket: Bucket, code: str, message: str) -> StackError:
    """The error for a server that answers, and says no."""
    cures = {
        "NoSuchBucket": _("Make the bucket at your provider, or mend s3_bucket in the stack file."),
        "InvalidAccessKeyId": _("Give the right key: founder secrets set backup.s3_key"),
        "SignatureDoesNotMatch": _("Give the right secret: founder secrets set backup.s3_secret"),
        "AccessDenied": _("Allow this key to read, write, list and delete in the bucket."),
        "RequestTimeTooSkewed": _("Set this machine's clock right: timedatectl set-ntp true"),
        **dict.fromkeys(_BUSY, _("The provider has too much to do or is disturbed: run the command again later.")),
    }
    return StackError(
        _("{place} refuses").format(place=bucket.where),
        f"{code} {message}".strip(),
        bucket.cure or cures.get(code, _("Cure what it says, then run the command again.")),
        exit_code=EXIT_PRECONDITION,
    )


def _in_words(bucket: Bucket, reason: object) -> str:
    """Why no connection came about or held, without the names that programs have for it."""
    kind, host = type(reason).__name__, urlsplit(bucket.endpoint).netloc
    if kind == "NameResolutionError":
        return _("The name {host} is not known.").format(host=host)
    if "Timeout" in kind or isinstance(reason, TimeoutError):
        return _("{host} did not answer in time.").format(host=host)
    if kind == "SSLError":
        return _("{host} does not speak TLS as it should: {error}.").format(host=host, error=str(reason)[:_LONGEST])
    cause = getattr(reason, "__cause__", None) or next(
        (one for one in getattr(reason, "args", ()) if isinstance(one, OSError)), reason
    )
    number = getattr(cause, "errno", None)
    said = os.strerror(number) if isinstance(number, int) and number > 0 else str(cause).rpartition(": ")[2]
    return f"{host}: {said[:_LONGEST]}."
