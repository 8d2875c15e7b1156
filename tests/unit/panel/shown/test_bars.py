"""The history as bars: always within the picture, and true in words."""

from __future__ import annotations

import re

from hypothesis import given, strategies as st

from founderstack.panel.shown.bars import DETAIL_S, HEIGHT, STEP, Bucket, buckets, by_hour, chart, in_detail

MOST = st.floats(0, 1e7)
BUCKETS = st.lists(st.builds(Bucket, st.just(0.0), st.just(2880.0), MOST, st.integers(0, 300), st.integers(0, 300)))
BAR = re.compile(r"M(\d+) (\d+)h3v(\d+)h-3z")


@given(BUCKETS)
def test_each_bucket_is_one_bar_within_the_picture(held: list[Bucket]) -> None:
    found = chart(held, str, "en")
    bars = sorted(tuple(map(int, bar)) for _kind, path in found.paths for bar in BAR.findall(path))
    assert [x for x, _y, _height in bars] == [index * STEP for index in range(len(held))]
    assert all(0 < height <= HEIGHT and y + height == HEIGHT for _x, y, height in bars)
    assert len(found.values.split()) == found.count == len(held)


def test_colours_tell_good_mixed_failed_and_unasked_apart() -> None:
    one_each = [Bucket(0, 60, 2, 9, 0), Bucket(60, 60, 2, 8, 1), Bucket(120, 60, 0, 0, 9), Bucket(180, 60, 0, 0, 0)]
    found = chart(one_each, str, "en")
    assert [kind for kind, _path in found.paths] == ["ok", "mixed", "failed", "empty"]
    assert found.values == "2,9,0 2,8,1 0,0,9 0,0,0"
    assert found.text == "Last 24 hours: 17 answers, 10 failures, median 2.0\xa0ms"


def test_slower_is_taller() -> None:
    slow, fast = chart([Bucket(0, 60, 900, 9, 0)], str, "en"), chart([Bucket(0, 60, 2, 9, 0)], str, "en")
    assert int(BAR.findall(slow.paths[0][1])[0][2]) > int(BAR.findall(fast.paths[0][1])[0][2])


def test_nothing_known_is_said_so() -> None:
    assert chart([], str, "en").text == "No answers yet"
    assert chart([Bucket(0, 60, 0, 0, 0)], str, "en").text == "No answers yet"


def test_the_table_adds_up_hours_newest_first_and_leaves_out_silence() -> None:
    held = [Bucket(3600, 300, 2, 30, 0), Bucket(3900, 300, 4, 28, 2), Bucket(7200, 300, 0, 0, 0)]
    held.append(Bucket(10_800, 300, 0, 0, 30))
    rows = [(hour.began, hour.ok, hour.failed, hour.median) for hour in by_hour(held, "es")]
    assert rows == [(10_800, 0, 30, "–"), (3600, 58, 2, "4,0\xa0ms")]


def test_a_stretch_without_a_good_answer_has_no_median() -> None:
    assert buckets([[0, 2880, None, 0, 9], [2880, 2880, 1.5, 3, 0]])[0] == Bucket(0.0, 2880.0, 0.0, 0, 9)


def test_a_day_in_detail_ends_now_and_shows_where_nobody_asked() -> None:
    now = 100 * 86_400 + 40.0
    minutes = [[now - 100 - 60 * back, 60, 2.0 + back, 9.0, 6, 0, ""] for back in range(3)]
    minutes.append([now - 86_400 + 400, 60, None, None, 0, 6, "refused"])
    day = in_detail(minutes, now)
    assert len(day) == 288
    assert day[-1] == Bucket(100 * 86_400, DETAIL_S, 0.0, 0, 0)
    assert day[-2] == Bucket(100 * 86_400 - DETAIL_S, DETAIL_S, 3.0, 18, 0)
    assert [bucket.kind for bucket in day if bucket.kind != "empty"] == ["failed", "ok"]
