"""What each assignment pays for a network that was never trained, for two epochs, for a linear twin, …, in Markdown.

Run with `python benchmarks/rubric_table.py [ID …] --keep levels.sqlite`. The notebooks of `grader.validation.levels` go
through the whole chain on the embedded sample, one after the other; what the file holds already is not run again, so
that hours can be stopped and gone on with. `--show` prints what it holds and grades nothing: “–” where nothing was
graded yet, an empty cell where an assignment has no such notebook, and “?” behind points of which some wait for a
person.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from grader.authoring.assignment_catalogue import assignment_ids, load_assignment, load_facts
from grader.authoring.notebooks import generate
from grader.domain.datasets import DataSize
from grader.domain.grade import GradeStatus
from grader.domain.graded import GradedSubmission
from grader.domain.submission import Submission
from grader.execution import LocalPool
from grader.gradebook import Gradebook, sqlite_url
from grader.scale import Results, grade_batch
from grader.session import SessionOptions, open_session
from grader.validation.drafts import Draft
from grader.validation.levels import LEVELS

NOT_YET = "–"


def main() -> None:
    """Grade what is missing, unless only the table is asked for, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("assignments", nargs="*", help="ids; default: all")
    parser.add_argument("--keep", type=Path, required=True, help="a gradebook file")
    parser.add_argument("--levels", nargs="*", default=[level.name for level in LEVELS], help="names; default: all")
    parser.add_argument("--sandbox", default="bubblewrap")
    parser.add_argument("--show", action="store_true", help="grade nothing")
    given = parser.parse_args()
    chosen = given.assignments or assignment_ids()
    if not given.show:
        for name in chosen:
            grade(name, given.levels, given.keep, given.sandbox)
    print("\n".join(table(chosen, given.keep)))


def notebooks(name: str) -> dict[str, str | None]:
    """Return the notebook of each level, None where the assignment has no such one."""
    assignment = load_assignment(name)
    solution = generate(assignment, language="en", solution=True)
    draft = Draft.of(solution, assignment, load_facts(assignment.reference))
    made = {level.name: level.edit(draft) for level in LEVELS}
    return {level: None if edited is None else edited.notebook() for level, edited in made.items()}


def grade(name: str, levels: Sequence[str], keep: Path, sandbox: str) -> None:
    """Grade the notebooks of one assignment that the file does not hold yet."""
    assignment, made = load_assignment(name), notebooks(name)
    options = SessionOptions(sandbox=sandbox, data_size=DataSize.SAMPLE, jobs=1)
    with (
        tempfile.TemporaryDirectory(prefix="grader-levels-") as folder,
        Gradebook.open(sqlite_url(keep)) as gradebook,
        open_session(assignment, load_facts(assignment.reference), options) as session,
        ThreadPoolExecutor(1) as threads,
    ):
        grade_batch(
            [submission(level, made[level] or "", Path(folder)) for level in levels if made[level] is not None],
            session.context,
            executor=LocalPool(threads, session.context, 1),
            gradebook=gradebook,
            settings_key=session.settings_key,
            watcher=Results(
                lambda progress: print(f"{name} {progress.graded.student}: {result_text(progress.graded)}", flush=True)
            ),
        )


def submission(level: str, notebook: str, folder: Path) -> Submission:
    """Write a notebook as a hand-in."""
    path, content = folder / f"{level}.ipynb", notebook.encode("utf-8")
    path.write_bytes(content)
    return Submission(level, path.name, path, hashlib.sha256(content).hexdigest(), len(content))


def table(names: Sequence[str], keep: Path) -> Iterator[str]:
    """Yield the lines of the table: the newest grade of each notebook as it is written today."""
    levels = [level.name for level in LEVELS]
    yield f"| id | {' | '.join(level.replace('-', ' ') for level in levels)} |"
    yield f"|---|{'---:|' * len(levels)}"
    with Gradebook.open(sqlite_url(keep)) as gradebook:
        for name in names:
            made = notebooks(name)
            rubric = load_assignment(name).rubric_hash
            newest = {(one.student, one.sha256): one for one in gradebook.latest(name) if one.rubric_hash == rubric}
            cells = [cell(made[level], newest, level) for level in levels]
            yield f"| `{name}` | {' | '.join(cells)} |"


def cell(notebook: str | None, newest: dict[tuple[str, str], GradedSubmission], level: str) -> str:
    """Return what the table says of one notebook."""
    if notebook is None:
        return ""
    found = newest.get((level, hashlib.sha256(notebook.encode("utf-8")).hexdigest()))
    return NOT_YET if found is None else result_text(found)


def result_text(graded: GradedSubmission) -> str:
    """Return the points, with a question mark where some wait for a person."""
    points = f"{graded.grade.points_awarded:.0f}"
    return points if graded.grade.status is GradeStatus.FINAL else f"{points} ?"


if __name__ == "__main__":
    main()
