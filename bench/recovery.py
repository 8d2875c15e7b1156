"""How long each service is away after `kill -9`. Budgets: app, gateway, cache 2 s, PostgreSQL 5 s, pgAdmin 15 s."""

from __future__ import annotations

from tests.test_first_hour import BUDGETS_S, kill_and_wait

from bench.measure import NAME, diary, header, row, state_root


def main() -> None:
    header("back after kill -9")
    with state_root() as home, diary(home, NAME) as founder:
        founder.ok("up", "--yes", timeout_s=900)
        for what, budget in BUDGETS_S.items():
            row(what, f"{kill_and_wait(founder, what):.2f} s", f"budget {budget} s")


if __name__ == "__main__":
    main()
