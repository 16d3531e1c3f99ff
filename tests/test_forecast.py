"""The remaining time: how it is computed, and how good it is on classes whose times were recorded."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from pathlib import Path

import pytest

from grader.forecast import FEWEST_DONE, FittedLine, Forecast, fitted, weight

RECORDED = (
    (132.2, 41.7, 81.7, 78.3, 86.5, 81.5, 72.2, 30.0, 89.9, 71.0, 38.2, 74.0, 0.0),
    (287.8, 43.2, 65.3, 54.6, 48.7, 42.7, 56.0, 41.3, 50.0, 47.7, 19.6, 40.9, 0.0),
)
"""Seconds that each hand-in of `grader demo` took, in two runs on busy machines; a limit of time ended the first one."""


def test_a_hand_in_weighs_as_many_epochs_as_its_text_asks_for(tmp_path: Path) -> None:
    """Two trainings of 20 and 5 epochs, spelt in two ways; a text without any weighs one, a missing file nothing."""
    two, none = tmp_path / "two.ipynb", tmp_path / "none.ipynb"
    two.write_text('["EPOCHS = 20\\n", "model.fit(x, x, epochs=5)"]')
    none.write_text("print(1)")
    assert [weight(path) for path in (two, none, tmp_path / "missing")] == [26.0, 1.0, 0.0]


def test_seconds_are_a_line_of_weights() -> None:
    """By hand: 3 s and 1 s an epoch; the mean where all weigh the same or longer ones took less."""
    assert fitted([(1.0, 4.0), (2.0, 5.0), (10.0, 13.0)]) == FittedLine(pytest.approx(3.0), pytest.approx(1.0))
    assert fitted([(5.0, 4.0), (5.0, 8.0)]) == FittedLine(6.0, 0.0)
    assert fitted([(1.0, 8.0), (9.0, 2.0)]) == FittedLine(5.0, 0.0)
    assert fitted([(1.0, 0.0), (2.0, 2.0), (3.0, 4.0)]) == FittedLine(0.0, pytest.approx(16 / 14))


def test_what_runs_is_expected_to_take_what_others_took_beyond_it() -> None:
    """By hand, one place, nobody stopped or run twice: 10 s each so far, one that runs since 4 s, two that wait."""
    forecast = Forecast(1, dict.fromkeys(range(6), 1.0), limit_seconds=10.0, shortens=False)
    for name in range(3):
        forecast.begin(name, 10.0 * name)
        forecast.end(name, 10.0 * (name + 1))
    forecast.begin(3, 30.0)
    assert forecast.seconds_left(34.0) == pytest.approx(6 + 2 * 10)


def test_one_that_outlasts_all_others_is_never_expected_to_be_over() -> None:
    """It has taken 100 s where the others took 10: half as much again, not a time that has passed."""
    forecast = Forecast(2, dict.fromkeys(range(4), 1.0), limit_seconds=900.0)
    for name in range(3):
        forecast.begin(name, 0.0)
        forecast.end(name, 10.0)
    forecast.begin(3, 10.0)
    assert forecast.seconds_left(110.0) == pytest.approx(50.0)


def test_second_runs_are_expected_as_often_as_they_were_and_usually_are() -> None:
    """By hand: four of ten were run twice and took 100 s, with the usual 2 of 6 that is 6 of 16; 10 s for the others.

    A limit of 100 s is met by 0.2 of 30 besides; ten were seen, and none of them met it.
    """
    forecast = Forecast(1, dict.fromkeys(range(11), 1.0), limit_seconds=100.0)
    for name in range(10):
        forecast.begin(name, 0.0)
        if name < 4:
            forecast.repeat(name)
        forecast.end(name, 100.0 if name < 4 else 10.0)
    twice, stopped = 6 / 16, 0.2 / 40
    expected = 100 * twice + 100 * stopped + 10 * (1 - twice - stopped)
    assert forecast.seconds_left(0.0) == pytest.approx(expected)


def forecasts_and_truth(seconds: Sequence[float], places: int) -> list[tuple[float, float]]:
    """Run a class whose times are known, the first stopped: after each result, the estimated remaining time and the real one."""
    forecast = Forecast(places, dict.fromkeys(range(len(seconds)), 21.0), limit_seconds=seconds[0], shortens=False)
    running, now, reported = list[tuple[float, int]](), 0.0, list[tuple[float, float]]()
    waiting = list(enumerate(seconds))
    while waiting or running:
        while waiting and len(running) < places:
            name, takes = waiting.pop(0)
            forecast.begin(name, now)
            heapq.heappush(running, (now + takes, name))
        now, name = heapq.heappop(running)
        forecast.end(name, now, stopped=name == 0)
        if (left := forecast.seconds_left(now)) is not None:
            reported.append((now, left))
    return [(left, now - at) for at, left in reported]


@pytest.mark.parametrize("recorded", RECORDED, ids=["first run", "second run"])
def test_the_first_told_times_are_right_within_a_third(recorded: tuple[float, ...]) -> None:
    """Recorded on two places: the estimates when three, four and five of thirteen are done."""
    for reported, true in forecasts_and_truth(recorded, 2)[:3]:
        assert reported == pytest.approx(true, rel=1 / 3), (reported, true)


def test_nobody_is_told_a_time_before_a_few_are_done() -> None:
    """Three are enough."""
    assert len(forecasts_and_truth([10.0] * 8, 2)) == 8 - FEWEST_DONE + 1
