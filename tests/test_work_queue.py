"""Work that waits while other graders run the same: it is taken over when they have stored it, or given up."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from grading_samples import FakeSandbox, context, submission

from grader import work_queue
from grader.domain.observation import Observation
from grader.domain.submission import Submission
from grader.execution import LocalPool
from grader.forecast import Forecast
from grader.work_queue import WorkQueue


@dataclass
class Other:
    """Another grader, who runs some hand-ins and stores them after some looks.

    Attributes:
        runs: Whose.
        looks: How often is looked before it is done.
        stores: Whether it stores what it ran, or dies.
    """

    runs: tuple[str, ...]
    looks: int
    stores: bool
    asked: list[str] = field(default_factory=list)

    def leave(self, submission: Submission) -> bool:
        """Have it until enough looks were taken."""
        if submission.student not in self.runs:
            return True
        self.asked.append(submission.student)
        return len(self.asked) > self.looks

    def observed(self, submission: Submission) -> Observation | None:
        """Return what it stored."""
        return Observation(fault="theirs") if submission.student in self.runs and self.stores else None


@pytest.mark.parametrize(("stores", "runs_here"), [(True, ["ana"]), (False, ["ana", "bruno"])], ids=["stores", "dies"])
def test_what_another_grader_runs_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stores: bool, runs_here: list[str]
) -> None:
    """Its result is taken; where it dies, its work is run here."""
    monkeypatch.setattr(work_queue, "SECONDS_BETWEEN_LOOKS", 0.01)
    sandbox, other = FakeSandbox(), Other(("bruno",), 3, stores)
    hand_ins = [submission(tmp_path, student) for student in ("bruno", "ana")]
    with ThreadPoolExecutor(1) as threads:
        pool = LocalPool(threads, context(sandbox), 1)
        queue = WorkQueue(hand_ins, pool, other, lambda *_: None, Forecast(1, {}, 60.0))
        queue.put([[0], [1]])
        first, second = queue.next_done(), queue.next_done()
        assert queue.next_done() is None
    assert first is not None
    assert second is not None
    assert (first.indices, second.indices, second.ran) == ([1], [0], not stores)
    assert [notebook.cells[0].source for notebook in sandbox.seen] == [f"print('{student}')" for student in runs_here]
    assert len(other.asked) == 4
