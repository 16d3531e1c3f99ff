"""The text beside a grade on the platform: points check by check; the report contains the rest.

Nothing in it comes from a notebook, so that no student's text gets into a page or a table of the platform.
"""

from __future__ import annotations

from html import escape

from grader.domain.assignment import Assignment
from grader.domain.grade import CheckResult, Outcome
from grader.domain.messages import Message, MessageValue, message
from grader.handback.final_grades import FinalGrade
from grader.locale import Translator
from grader.report.score import points_of


def feedback_lines(standing: FinalGrade, assignment: Assignment, translator: Translator) -> list[str]:
    """Return the lines: the points, one line per check, the cost of lateness, decisions of people."""
    grade = standing.grade
    total = points_of(
        points=points_text(standing.points or 0.0, translator), possible=points_text(grade.points_possible, translator)
    )
    titles = {item.check: item.title for item in assignment.rubric}
    lines = [translator.text(total)]
    for result in grade.results:
        title = titles.get(result.check, {}).get(translator.language) or result.check
        lines.append(f"{title}: {translator.text(_earned(result, translator))}")
    if standing.late is not None and standing.late.points and standing.adjusted is None:
        taken = message(
            "Late: {percent} % less, {points} points",
            percent=points_text(standing.late.percent, translator),
            points=points_text(standing.late.points, translator),
        )
        lines.append(translator.text(taken))
    if standing.adjusted is not None:
        changed = changed_by_a_person(
            points=points_text(grade.points_awarded, translator), reason=standing.reason or ""
        )
        lines.append(translator.text(changed))
    return lines


def feedback_html(standing: FinalGrade, assignment: Assignment, translator: Translator) -> str:
    """Return the same as HTML in one line; backslashes are written as references, since PHP reads them as escapes."""
    total, *rest = (escape(line).replace("\\", "&#92;") for line in feedback_lines(standing, assignment, translator))
    return f"<p>{total}</p><ul>{''.join(f'<li>{line}</li>' for line in rest)}</ul>"


def points_text(points: float, translator: Translator) -> str:
    """Write points as usual in the language, without needless zeros."""
    text = f"{round(points, 2):.2f}".rstrip("0").rstrip(".")
    return text.replace(".", ",") if translator.language == "es" else text


def _earned(result: CheckResult, translator: Translator) -> Message:
    possible = result.points_possible
    if result.outcome is Outcome.UNGRADABLE:
        return message("open, of {possible}", possible=points_text(possible, translator))
    return message(
        "{points} of {possible}",
        points=points_text(result.points_awarded, translator),
        possible=points_text(possible, translator),
    )


def changed_by_a_person(*, points: MessageValue, reason: MessageValue) -> Message:
    """State the machine's points and why a person changed them."""
    return message("Measured: {points} points. Changed by a person: {reason}", points=points, reason=reason)
