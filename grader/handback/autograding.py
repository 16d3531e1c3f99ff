"""The program of `run_autograder` in Gradescope's container: turns one hand-in into `results.json`.

    python -m grader.handback.autograding /autograder

Exit status 1, a sentence on standard error and no `results.json` mean that the grader could not do its work, and
Gradescope informs the instructor. Everything that the student can fix becomes a `results.json` that says what.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from grader.accelerated_grading import grade_fast
from grader.authoring.assignment_catalogue import load_facts
from grader.authoring.configured import load_configured
from grader.domain.assignment import Assignment
from grader.domain.course import Course
from grader.domain.grade import Outcome
from grader.domain.graded import GradedSubmission
from grader.domain.messages import Message, message
from grader.domain.submission import Submission, UnreadableSubmissionError
from grader.handback.autograder import CONFIG_FILE, COURSE
from grader.handback.final_grades import StudentDecisions, final_grades
from grader.handback.gradescope_results import RESULTS_FILE, results_json
from grader.intake.intake_errors import IntakeError
from grader.intake.naming import student_name
from grader.intake.notebook import read_notebook
from grader.intake.submissions import collect
from grader.locale import Translator
from grader.session import SessionOptions, open_session

METADATA_FILE: Final = "submission_metadata.json"


class AutogradingError(Exception):
    """The grader could not grade; no student gets a zero for that."""


def autograde(root: Path) -> None:
    """Grade `root/submission` and write `root/results/results.json`.

    Raises:
        AutogradingError: The notebook could not be judged at all, through no fault of its author.
    """
    settings = json.loads((root / "source" / CONFIG_FILE).read_text(encoding="utf-8"))
    course = Course(root / "source" / COURSE) if settings["course"] else None
    assignment = load_configured(settings["assignment"], course=course, settings=root / "source" / COURSE)
    translator = Translator(settings["language"])
    options = SessionOptions(
        sandbox=settings["sandbox"], data_size=settings["data_size"], jobs=1, course=course, accelerate=True
    )
    with tempfile.TemporaryDirectory(prefix="grader-intake-") as workspace:
        try:
            submissions = collect([root / "submission"], Path(workspace))
        except IntakeError as error:
            _write(root, _refusal(error.reason, translator))
            return
        if len(submissions) > 1:
            names = ", ".join(one.filename for one in submissions)
            reason = message(
                "You uploaded {count} notebooks ({names}). Upload one.", count=len(submissions), names=names
            )
            _write(root, _refusal(reason, translator))
            return
        try:
            read_notebook(submissions[0])
        except UnreadableSubmissionError as error:
            _write(root, _refusal(error.reason, translator))
            return
        facts = load_facts(assignment.reference, course=course)
        with open_session(assignment, facts, options) as session:
            graded = grade_fast(_known(submissions[0], root), session.context)
    _write(root, _results_json(graded, assignment, translator))


# Private functions


def _results_json(graded: GradedSubmission, assignment: Assignment, translator: Translator) -> str:
    judged = [result for result in graded.grade.results if result.outcome is not Outcome.UNGRADABLE]
    if graded.fault or not judged:
        reasons = " ".join(translator.text(reason) for reason in graded.grade.reasons)
        raise AutogradingError(f"{reasons}\n{graded.fault}")
    (standing,) = final_grades(assignment, [graded], StudentDecisions())
    return results_json(standing, assignment, translator)


def _known(submission: Submission, root: Path) -> Submission:
    """Return the hand-in with the names and the time from Gradescope."""
    try:
        stated = json.loads((root / METADATA_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return submission  # who it is decides nothing here
    users = stated.get("users") if isinstance(stated, Mapping) else None
    names = [student_name(str(user.get("name", "")), str(user.get("id", ""))) for user in users or ()]
    try:
        submitted_at = datetime.fromisoformat(str(stated.get("created_at")))
    except ValueError:
        submitted_at = None
    known = submitted_at is not None and submitted_at.tzinfo is not None
    return replace(
        submission, student=" + ".join(names) or submission.student, submitted_at=submitted_at if known else None
    )


def _refusal(reason: Message, translator: Translator) -> str:
    document = {"score": 0, "output": translator.text(reason), "output_format": "text", "tests": []}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _write(root: Path, text: str) -> None:
    folder = root / "results"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / RESULTS_FILE).write_text(text, encoding="utf-8", errors="replace")


if __name__ == "__main__":
    try:
        autograde(Path(sys.argv[1]))
    except AutogradingError as error:
        sys.exit(str(error))
