"""The list of behaviours itself: what a new backend has to claim, and what a report can name."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from hostile import HOSTILE
from laboratory import BACKENDS
from trials import TRIALS

from grader.sandbox.conformance.endings import ENDINGS
from grader.sandbox.conformance.suite import PROBES


def test_every_behaviour_has_a_name_of_its_own() -> None:
    """A name stands for one rule, in a test's id and in a report."""
    counted = Counter(behaviour.name for behaviour in (*PROBES, *ENDINGS, *TRIALS))
    assert [name for name, number in counted.items() if number > 1] == []
    assert all(name.isidentifier() for name in counted)


def test_every_behaviour_says_its_rule_in_a_sentence() -> None:
    """Whoever reads a failure reads what should have held."""
    assert [each.name for each in (*PROBES, *ENDINGS, *TRIALS) if not each.rule.endswith(".")] == []


def test_every_trial_is_claimed_by_a_backend() -> None:
    """A trial that nobody claims is never run."""
    assert [trial.name for trial in TRIALS if not set(trial.backends) & set(BACKENDS)] == []


def test_the_suite_has_sixty_behaviours_and_more() -> None:
    """Probes and endings, the same for every sandbox."""
    assert len(PROBES) + len(ENDINGS) >= 60


def test_the_security_page_counts_what_there_is() -> None:
    """Behaviours, those that share a kernel, and hostile notebooks; in both languages."""
    root = Path(__file__).parents[2]
    page = (root / "SECURITY.md").read_text(encoding="utf-8")
    assert f"| {len(PROBES) + len(ENDINGS)} on cold and on warm kernels, in a few minutes |" in page
    assert f"| the {len(PROBES)} that share a kernel |" in page
    assert f"| {len(HOSTILE)}, and a table |" in page
    page = (root / "docs" / "security.es.md").read_text(encoding="utf-8")
    assert f"| {len(PROBES) + len(ENDINGS)}, con kernels fríos y calientes, en pocos minutos |" in page
    assert f"| los {len(PROBES)} que comparten un kernel |" in page
    assert f"| {len(HOSTILE)}, y una tabla |" in page
