"""How long each service is away after `kill -9`. Budgets: app, gateway, cache 2 s, PostgreSQL 5 s, pgAdmin 15 s."""

from __future__ import annotations

from bench.measure import NAME, diary, header, row, state_root
from tests.journey import test_first_hour as journey


def main() -> None:
    header("back after kill -9")
    journey.titles = lambda _founder: ["asked"]  # type: ignore[assignment] # nobody wrote an entry here
    with state_root() as home, diary(home, NAME) as founder:
        founder.ok("up", "--yes", timeout_s=900)
        for what, budget in journey.BUDGETS_S.items():
            row(what, f"{journey.kill_and_wait(founder, what):.2f} s", f"budget {budget} s")


if __name__ == "__main__":
    main()
