"""What numbers on hidden images say of a code, whatever its size; the numbers are those of our references."""

from __future__ import annotations

import pytest

from grader.domain.measurement import Quantity
from grader.inspection.measured_mistakes import measured_mistakes

KL, SIGMA = Quantity.KL_DIVERGENCE, Quantity.MEDIAN_SIGMA
SHARE, ACTIVITY = Quantity.ACTIVE_SHARE, Quantity.CODE_ACTIVITY


@pytest.mark.parametrize(
    ("family", "quality", "expected"),
    [
        ("variational", {KL: 16.8, SIGMA: 0.245}, []),
        ("variational-convolutional", {KL: 5.68, SIGMA: 0.064}, []),
        ("variational", {KL: 0.0, SIGMA: 1.0}, ["collapsed_code"]),
        ("variational", {KL: 469.7, SIGMA: 0.0024}, ["kl_missing"]),
        ("variational-convolutional", {KL: 41.2, SIGMA: 0.0036}, ["kl_missing"]),
        ("variational", {}, []),
        ("sparse", {SHARE: 0.129, ACTIVITY: 0.047}, []),
        ("sparse", {SHARE: 0.993, ACTIVITY: 0.472}, ["penalty_without_effect"]),
        ("sparse", {SHARE: 0.55, ACTIVITY: 0.12}, []),
        ("sparse", {}, []),
        ("simple-dense", {SHARE: 0.993, ACTIVITY: 0.5, KL: 0.0}, []),
    ],
)
def test_what_numbers_say(family: str, quality: dict[Quantity, float], expected: list[str]) -> None:
    """References and the same networks with the mistake, as `reference/facts` has them."""
    assert [remark.kind for remark in measured_mistakes("m", family, quality)] == expected
