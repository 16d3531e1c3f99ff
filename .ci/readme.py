"""Write the numbers of README.md anew from the facts of the references: `make readme`, after a calibration."""

from __future__ import annotations

import re
from pathlib import Path

from grader.authoring.catalogue import facts_ids, load_facts
from grader.domain.facts import Baseline
from grader.domain.measurement import Quantity

README = Path(__file__).parent.parent / "README.md"
MSE = Quantity.RECONSTRUCTION_MSE


def facts_row(size: str) -> str:
    """Return the row of `stacked` for one size of the data."""
    data = load_facts("stacked").calibrated[size]
    known = data.statistics[MSE]
    worst = max(one.values[MSE] for one in data.records if one.variation not in {"reference", "short"})
    numbers = (worst, known.curves[0].full, known.baselines[Baseline.PCA], known.baselines[Baseline.MEAN])
    return f"| {size} | {known.mean:.4f} ± {known.deviation:.4f} | {' | '.join(f'{one:.4f}' for one in numbers)} |"


def reference_row(reference: str) -> str:
    """Return the row of a reference: parameters, the lecture's own figure, what ours reach."""
    facts = load_facts(reference)
    parameters = "–" if facts.parameters is None else f"{facts.parameters:,}"
    return f"| `{reference}` | {parameters} | {facts.published or '–'} | {facts.reached} |"


def honest_runs() -> str:
    """Return how many numbers of honest runs have full credit."""
    judged = [
        known
        for reference in facts_ids()
        for _, data in load_facts(reference).all_calibrated()
        for known in data.statistics.values()
        if known.curves
    ]
    return f"{sum(one.honest_full for one in judged):,} of {sum(one.honest_runs for one in judged):,} numbers"


def main() -> None:
    """Replace every row and number that comes from the facts."""
    text = README.read_text("utf-8")
    for size in ("full", "sample"):
        text = re.sub(rf"^\| {size} \| .* ± .*$", lambda _, size=size: facts_row(size), text, flags=re.MULTILINE)
    table = text.index("| id | parameters | published | reached |")
    before, after = text[:table], text[table:]
    for reference in facts_ids():
        row = reference_row(reference)
        after = re.sub(rf"^\| `{reference}` \| .*$", lambda _, row=row: row, after, count=1, flags=re.MULTILINE)
    after = re.sub(r"[\d,]+ of [\d,]+ numbers(?= from honest runs)", honest_runs(), after)
    README.write_text(before + after, "utf-8")


if __name__ == "__main__":
    main()
