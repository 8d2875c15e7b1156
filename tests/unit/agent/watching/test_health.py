"""The judgement over a process: debounced, bounded, and restored from its own file."""

from __future__ import annotations

import json

from founderstack.agent.watching.health import HISTORY_LENGTH, Health, restored
from founderstack.model.protocols import Answer

WELL = Answer(True, 2.0)
BADLY = Answer(False, 5000.0, "no answer in time")


def after(*answers: Answer, start: Health | None = None) -> Health:
    health = start or Health()
    for number, answer in enumerate(answers):
        health = health.after(answer, 1000.0 + 10 * number)
    return health


def test_one_answer_makes_it_online() -> None:
    assert after(WELL).state == "online"
    assert after(WELL).since == 1000.0


def test_down_only_after_three_failures_in_a_row() -> None:
    assert [after(WELL, *[BADLY] * failures).state for failures in range(5)] == [
        "online", "degraded", "degraded", "down", "down",
    ]  # fmt: skip
    assert after(WELL, BADLY, BADLY, WELL, BADLY, BADLY).state == "degraded"


def test_one_success_ends_an_outage_and_the_moment_is_noted() -> None:
    health = after(WELL, BADLY, BADLY, BADLY, WELL)
    assert (health.state, health.since, health.failures, health.error) == ("online", 1040.0, 0, "")


def test_the_moment_of_a_state_stays_while_the_state_does() -> None:
    assert after(WELL, WELL, WELL).since == 1000.0
    assert after(WELL, BADLY, BADLY, BADLY, BADLY).since == 1030.0


def test_a_process_that_never_answered_is_unknown_until_it_is_down() -> None:
    assert [after(*[BADLY] * failures).state for failures in range(4)] == ["unknown", "unknown", "unknown", "down"]


def test_history_is_bounded_and_keeps_the_newest() -> None:
    health = after(*[WELL] * (HISTORY_LENGTH + 5))
    assert len(health.history) == HISTORY_LENGTH
    assert health.history[-1] == (1000.0 + 10 * (HISTORY_LENGTH + 4), 2.0, True)


def test_a_state_that_nobody_watched_lasts_from_the_next_look() -> None:
    assert Health().after(WELL, 1000.0).after(WELL, 1150.0).since == 1000.0
    assert Health().after(WELL, 1000.0).after(WELL, 1151.0).since == 1151.0


def test_a_clock_that_jumps_back_changes_no_judgement() -> None:
    health = Health().after(WELL, 5000.0).after(WELL, 100.0)
    assert (health.state, health.since, health.checked) == ("online", 5000.0, 100.0)


def test_stopped_on_purpose_is_no_outage() -> None:
    health = after(WELL, BADLY, BADLY, BADLY).paused(2000.0)
    assert (health.state, health.failures, health.error) == ("unknown", 0, "")
    assert health.paused(3000.0) is health


def test_what_was_kept_is_restored_and_nonsense_is_forgotten() -> None:
    health = after(WELL, BADLY)
    assert restored(json.loads(json.dumps(health.as_values()))) == health
    for nonsense in ({}, {**health.as_values(), "state": "fine"}, {**health.as_values(), "history": [["x"]]}):
        assert restored(nonsense) == Health()
