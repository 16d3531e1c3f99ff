"""`grader alike`: pairs of hand-ins that share what few others have."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from grader.alike.collecting import common_material, given_material, trained_weights, works_of
from grader.alike.page import CAUTION, counted, render, summary
from grader.alike.pairs import Pair, alike
from grader.cli.command_language import SURROUNDINGS, echo_json, error_border, translated
from grader.cli.course_option import load_checked
from grader.domain.course import Course
from grader.domain.messages import message
from grader.domain.people import shown_student
from grader.gradebook import Gradebook, write_atomically
from grader.intake.submissions import collect
from grader.locale import Translator
from grader.review.book import BookPlace

_MOST_SHOWN = 50


@dataclass(frozen=True, slots=True)
class ComparisonOptions:
    """What is compared besides the code, and where the pairs are written.

    Attributes:
        out: The page, or None.
        grades: Folder that `grader grade` wrote, for trained weights, or None.
        gradebook: Address of a gradebook elsewhere, or None.
        common: Notebooks and Python files that everybody may use.
    """

    out: Path | None = None
    grades: Path | None = None
    gradebook: str | None = None
    common: tuple[Path, ...] = ()


def compare_class(
    paths: Sequence[Path],
    assignment_id: str,
    course: Course | None,
    wanted: ComparisonOptions,
    *,
    language: str | None,
    as_json: bool,
) -> None:
    """Compare every hand-in with every other, and show the pairs that are unusually alike."""
    out = wanted.out
    with error_border(language):
        assignment = load_checked(assignment_id, course)
        spoken = language or assignment.language
        translator = Translator(spoken) if spoken else SURROUNDINGS
        with tempfile.TemporaryDirectory(prefix="grader-intake-") as workspace:
            compared = works_of(collect(paths, Path(workspace)), _weights(wanted, assignment_id))
        works = compared.works
        pairs = alike(works, given_material(assignment, course) | common_material(wanted.common))
        if out is not None:
            out.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(out, render(pairs, len(works), translator))
    if compared.stopped:
        typer.secho(_left_out(compared.stopped, translator), fg=typer.colors.YELLOW, err=True)
    if as_json:
        echo_json([_row(pair) for pair in pairs])
        return
    typer.echo(translator.text(counted(pairs, len(works))))
    for pair in pairs[:_MOST_SHOWN]:
        names = " · ".join(shown_student(work.student) for work in (pair.first, pair.second))
        typer.echo(f"{names}: {translator.text(summary(pair))}")
    if len(pairs) > _MOST_SHOWN:
        typer.echo(translator.text(message("… and {count} more.", count=len(pairs) - _MOST_SHOWN)))
    if pairs:
        typer.echo(translator.text(CAUTION))
    typer.echo(str(out) if out else translated(message("Both sides of every pair: --out FILE.html"), language))


def _weights(wanted: ComparisonOptions, assignment_id: str) -> dict[str, tuple[float, ...]]:
    if wanted.grades is None and wanted.gradebook is None:
        return {}
    with Gradebook.open(BookPlace.of(wanted.grades, wanted.gradebook).url) as gradebook:
        return trained_weights(gradebook.latest(assignment_id))


def _left_out(students: Sequence[str], translator: Translator) -> str:
    """Say whose notebook nobody compared, since reading it was stopped."""
    names = ", ".join(map(shown_student, students))
    remark = message("Not compared, since reading it takes too much time or memory: {names}.", names=names)
    return translator.text(remark)


def _row(pair: Pair) -> dict[str, object]:
    return {
        "students": [pair.first.student, pair.second.student],
        "files": [pair.first.filename, pair.second.filename],
        "identical": pair.identical,
        "same_weights": pair.same_weights,
        "share": round(pair.share, 4),
        "shared": pair.shared,
        "places": [
            [{"cell": side.cell, "first_line": side.first, "last_line": side.last} for side in both]
            for both in pair.places
        ],
    }
