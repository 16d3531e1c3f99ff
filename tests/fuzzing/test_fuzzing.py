"""Hand-ins made of random choices never do anything but be read or refused.

`make test` tries some of each kind, `make fuzz` (FUZZ_EXAMPLES) as many as are asked for; both print how many.
`coverage_guided.py` drives the same targets with a fuzzer that watches which lines are reached.
"""

from __future__ import annotations

import os

import fuzz_targets
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "80"))
IS_LARGE = "FUZZ_EXAMPLES" in os.environ


@pytest.mark.parametrize("target", fuzz_targets.TARGETS)
def test_no_hand_in_does_anything_but_be_read_or_refused(target: str) -> None:
    """No other exception, no classmate touched, no long time."""

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=not IS_LARGE,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    @given(st.binary(min_size=8, max_size=400))
    def try_one(data: bytes) -> None:
        fuzz_targets.run(target, data)

    try_one()
    assert fuzz_targets.COUNTS[target] >= EXAMPLES * 0.9


def test_the_targets_can_fail() -> None:
    """Something that our code would do wrong is seen: here, a student that takes another's name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fuzz_targets, "HONEST", {**fuzz_targets.HONEST, "mallory": b"x"})
        with pytest.raises(AssertionError):
            _try_some("intake")


def _try_some(target: str) -> None:
    for number in range(40):
        fuzz_targets.run(target, bytes([number % 4, number]) * 20)
