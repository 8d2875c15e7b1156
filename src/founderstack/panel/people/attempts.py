"""How often somebody may try to sign in. Pure: monotonic time comes in as a number."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

FREE = 5
"""Wrong passwords that cost no wait: people mistype."""
MOST_REMEMBERED = 10_000
NEWCOMERS_AN_HOUR = 100
"""Addresses that may try an account for the first time, within an hour, while others are made to wait for it."""


@dataclass(frozen=True)
class _Failures:
    count: int
    last: float


class Attempts:
    """Failures by key (an address, an account, a browser), each further one doubling the wait up to a most."""

    def __init__(self, most_wait_s: float, forgotten_after_s: float = 3600.0) -> None:
        self._most_wait_s = most_wait_s
        self._forgotten_after_s = forgotten_after_s
        self._failures: dict[str, _Failures] = {}

    def wait_s(self, key: str, now: float) -> float:
        """Seconds until the next try counts; 0 when it does now."""
        failures = self._failures.get(key)
        if failures is None or failures.count < FREE:
            return 0.0
        wait = min(2.0 ** min(failures.count - FREE, 30), self._most_wait_s)
        return max(0.0, failures.last + wait - now)

    def count(self, key: str, now: float) -> int:
        """How many failures are remembered."""
        failures = self._failures.get(key)
        return failures.count if failures and now - failures.last < self._forgotten_after_s else 0

    def failed(self, key: str, now: float) -> None:
        """Note a wrong password. The key that failed longest ago makes room for a new one."""
        count = self.count(key, now)
        self._failures.pop(key, None)
        self._failures[key] = _Failures(count + 1, now)
        if len(self._failures) > MOST_REMEMBERED:
            del self._failures[next(iter(self._failures))]

    def succeeded(self, key: str) -> None:
        """Forget the failures."""
        self._failures.pop(key, None)


class Gate:
    """Who may try now. What one person does wrong never keeps another one waiting for longer than they can help.

    * A browser that has signed in to the account before carries a mark, and is judged by its own mistakes alone.
    * Any other is judged by its address: the wait is long, because only who is at that address can prolong it.
    * Many addresses that try one account wait for each other, briefly; one that has never failed does not, up to
      `NEWCOMERS_AN_HOUR` of them. Somebody with more addresses than that can hold up browsers that are new to the
      account, and nobody else.
    """

    def __init__(self, most_wait_s: float = 900.0, most_account_wait_s: float = 30.0, buckets: int = 4096) -> None:
        self._browsers = Attempts(most_wait_s)
        self._addresses = Attempts(most_wait_s)
        # Names are counted in a fixed number of buckets: made-up names push no account's failures out of memory.
        self._accounts = Attempts(most_account_wait_s)
        self._newcomers = Attempts(most_account_wait_s)
        self._buckets = buckets

    def wait_s(self, user: str, address: str, browser: str, now: float) -> float:
        """Seconds until this one's next try counts. `browser` is the mark of one that is known, else ""."""
        if browser:
            return self._browsers.wait_s(browser, now)
        place = network(address)
        wait = self._addresses.wait_s(place, now)
        if (
            self._addresses.count(place, now) == 0
            and self._newcomers.count(self._bucket(user), now) < NEWCOMERS_AN_HOUR
        ):
            return wait
        return max(wait, self._accounts.wait_s(self._bucket(user), now))

    def failed(self, user: str, address: str, browser: str, now: float) -> None:
        """Note a try, before its answer is known, so that many at once do not slip through together."""
        if browser:
            self._browsers.failed(browser, now)
            return
        place = network(address)
        if self._addresses.count(place, now) == 0:
            self._newcomers.failed(self._bucket(user), now)
        self._addresses.failed(place, now)
        self._accounts.failed(self._bucket(user), now)

    def succeeded(self, user: str, address: str, browser: str) -> None:
        """Forget the failures that led to the right answer."""
        if browser:
            self._browsers.succeeded(browser)
            return
        self._addresses.succeeded(network(address))
        self._accounts.succeeded(self._bucket(user))

    def _bucket(self, user: str) -> str:
        return str(hash(user) % self._buckets)  # Python keys it anew in every process: nobody can aim at a bucket


def network(address: str) -> str:
    """What one person is likely to hold: an IPv4 address, or the /64 that an IPv6 connection gets."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return str(found)
    mapped = found.ipv4_mapped
    return str(mapped) if mapped else str(ipaddress.ip_network((int(found) >> 64 << 64, 64)))
