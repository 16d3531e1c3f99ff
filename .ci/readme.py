"""Write the numbers of README.md and `docs/` anew from the facts: `make readme`, after a calibration."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from grader.authoring.assignment_catalogue import facts_ids, load_facts
from grader.domain.facts import Baseline
from grader.domain.measurement import Quantity

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
MSE = Quantity.RECONSTRUCTION_MSE
BAR = "\\|"
"""A bar that does not end the cell of a table."""


@cache
def facts_row(size: str) -> str:
    """Return the row of `stacked` for one size of the data."""
    data = load_facts("stacked").calibrated[size]
    known = data.statistics[MSE]
    worst = max(one.values[MSE] for one in data.records if one.variation not in {"reference", "short"})
    numbers = (worst, known.curves[0].full, known.baselines[Baseline.PCA], known.baselines[Baseline.MEAN])
    return f"| {size} | {known.mean:.4f} ± {known.deviation:.4f} | {' | '.join(f'{one:.4f}' for one in numbers)} |"


@cache
def reference_row(reference: str) -> str:
    """Return the row of a reference: parameters, the lecture's own figure, what ours reach."""
    facts = load_facts(reference)
    parameters = "–" if facts.parameters is None else f"{facts.parameters:,}"
    cells = (parameters, facts.published or "–", facts.reached)
    return f"| `{reference}` | {' | '.join(cell.replace('|', BAR) for cell in cells)} |"


@cache
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


def renewed(text: str) -> str:
    """Return a page with every row and number that comes from the facts written anew."""
    for size in ("full", "sample"):
        text = re.sub(rf"^\| {size} \| .* ± .*$", lambda _, size=size: facts_row(size), text, flags=re.MULTILINE)
    heading = re.search(r"^\| id \| .+ \| .+ \| .+ \|\n\|---\|---\|---\|---\|\n", text, re.MULTILINE)
    if heading is not None:
        before, after = text[: heading.end()], text[heading.end() :]
        for reference in facts_ids():
            row = reference_row(reference)
            after = re.sub(rf"^\| `{reference}` \| .*$", lambda _, row=row: row, after, count=1, flags=re.MULTILINE)
        text = before + after
    return re.sub(r"[\d,]+ of [\d,]+ numbers(?= from honest runs)", honest_runs(), text)


def main() -> None:
    """Write the pages."""
    for page in PAGES:
        text = page.read_text("utf-8")
        if (new := renewed(text)) != text:
            page.write_text(new, "utf-8")


if __name__ == "__main__":
    main()
