"""Ten rollouts under load and how many requests failed; budget 0. One retry on a reused connection, as browsers do."""

from __future__ import annotations

from bench.measure import header, row, small, state_root
from tests.fault.stacks import Visitors

ROLLOUTS = 10


def main() -> None:
    header(f"{ROLLOUTS} rollouts under load")
    with state_root() as home, small(home) as founder:
        with Visitors(founder).visiting() as visitors:
            for number in range(ROLLOUTS):
                founder.write_app(f"release {number}")
                founder.ok("deploy", "--yes")
        for kind, count in visitors.ok.items():
            failed = sum(failure.startswith(kind) for failure in visitors.failed)
            row(kind, f"{failed} failed", f"of {count + failed}; budget 0")


if __name__ == "__main__":
    main()
