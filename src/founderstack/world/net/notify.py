"""Sends a message to wherever a person reads it: e-mail, a webhook, ntfy, Telegram and whatever else Apprise knows."""

from __future__ import annotations

import logging
import re
from typing import Any

from founderstack.locale import _
from founderstack.model.errors import EXIT_USAGE, StackError

_SHORTEST_SECRET = 5
CONNECT_S = 10
READ_S = 20


def masked(url: str) -> str:
    """The address as it may be shown: nothing but its scheme, because the rest may be a token in any of them."""
    return f"{url.partition('://')[0]}://••••"


def deliver(url: str, title: str, body: str) -> None:
    """Return once the place has taken the message; raises StackError with its words, without the address's secrets."""
    import apprise

    plugin = _plugin(url)
    words = _Words()
    log = logging.getLogger("apprise")
    log.addHandler(words)
    try:
        taken = plugin.notify(body=body, title=title, notify_type=apprise.NotifyType.WARNING)
    except (OSError, TypeError, ValueError) as error:
        taken, words.said = False, [*words.said, f"{type(error).__name__}: {error}"]
    finally:
        log.removeHandler(words)
    if not taken:
        raise StackError(
            _("The message was not taken by {service}").format(service=plugin.service_name),
            _without_secrets(" ".join(words.said), url) or _("It gave no reason."),
            _("Check the address and that this machine reaches it, then run: founder alerts test"),
        )


class _Words(logging.Handler):
    """Keeps what Apprise warns of: it tells causes nowhere else."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


def _plugin(url: str) -> Any:
    import apprise

    logging.getLogger("apprise").addHandler(logging.NullHandler())
    found = apprise.Apprise.instantiate(_with_defaults(url), suppress_exceptions=True)
    if found is None:
        raise StackError(
            _("This is no address that a message can be sent to"),
            _("It must be one that Apprise knows, such as mailtos://, ntfys://, tgram:// or jsons://."),
            _("See docs/alerts.md for an example of each."),
            exit_code=EXIT_USAGE,
        )
    return found


def _with_defaults(url: str) -> str:
    """The address with an end to each wait, and lines that stay lines, where it says nothing else itself."""
    wanted = {"cto": CONNECT_S, "rto": READ_S, "format": "text"}
    missing = "&".join(f"{name}={value}" for name, value in wanted.items() if not re.search(rf"[?&]{name}=", url))
    if not missing or "://" not in url:
        return url
    return f"{url}{'&' if '?' in url else '?'}{missing}"


def _without_secrets(words: str, url: str) -> str:
    """What was said, without any piece of the address that could be a token; names of hosts stay."""
    from urllib.parse import unquote

    hosts = set(re.findall(r"(?:^[a-z]+://(?:[^/?#]*@)?|[?&]smtp=)([\w-]+(?:\.[\w-]+)+)", url))
    for piece in sorted(set(re.split(r"[:/?&=@#]+", unquote(url))), key=len, reverse=True):
        if len(piece) >= _SHORTEST_SECRET and piece not in hosts:
            words = words.replace(piece, "••••")
    return words
