"""The content of the page of one submission, in words: values in, plain frozen records of text out.

Templates only lay these records out. Everything here is already translated and harmless; Jinja2 does the escaping.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from grader.domain.assignment import Assignment
from grader.domain.cell_places import Places, cell_title
from grader.domain.grade import CheckResult, Finding, GradeStatus, Outcome
from grader.domain.graded import GradedSubmission
from grader.domain.messages import Message
from grader.domain.people import marked_late, shown_student
from grader.domain.run import CellError, RunRecord
from grader.domain.text import further_ones
from grader.report import hygiene
from grader.report.grouping import grouped_errors, grouped_findings, said_once
from grader.report.score import Score, check_points, decided_check, decided_total, lateness, score
from grader.report.wording import Wording

_ERRORS_SHOWN = 20
_FINDINGS_SHOWN = 50
_NOTES_SHOWN = 50
_DIGEST_SHOWN = 12
_ANSWER_LIMIT = 20_000
_NO_ID_CHARACTER = re.compile(r"[^A-Za-z0-9_-]")


@dataclass(frozen=True, slots=True)
class MeasurementView:
    """One number of a check: its name, and its value with unit."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class FindingView:
    """One finding: its place, and its sentences as pairs of label and text."""

    where: str
    parts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CheckView:
    """One check of the rubric.

    Attributes:
        anchor: Its id on the page.
        title: What it asks.
        outcome: For colour and icon.
        word: The outcome in words.
        points: `1.5 of 2`.
        share: Part of the points earned, from 0 to 1.
        weight: Points possible, for the width of its part of the bar.
        message: The sentence that sums it up.
        decided: Who gave the points in the machine's place, and why, or "".
        findings: What is wrong.
        findings_left_out: How many more there are.
        measurements: The numbers it rests on.
    """

    anchor: str
    title: str
    outcome: Outcome
    word: str
    points: str
    share: float
    weight: float
    message: str
    decided: str
    findings: tuple[FindingView, ...]
    findings_left_out: int
    measurements: tuple[MeasurementView, ...]


@dataclass(frozen=True, slots=True)
class ErrorView:
    """A cell that ended with an error, and where it is."""

    cell: str
    name: str
    line: str
    text: str


@dataclass(frozen=True, slots=True)
class RunView:
    """What was observed of the run.

    Attributes:
        status: How it ended, in a sentence.
        remarks: What else there is to know, one sentence each.
        facts: Name and value, in pairs.
        errors: Cells that ended with an error.
        errors_left_out: How many more there are.
    """

    status: str
    remarks: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    errors: tuple[ErrorView, ...]
    errors_left_out: int


@dataclass(frozen=True, slots=True)
class AnswerView:
    """One open question: its title, the question, the answer, and the points and words of the person who graded it."""

    title: str
    prompt: str
    text: str
    points: str
    comment: str


@dataclass(frozen=True, slots=True)
class SubmissionView:
    """Everything on the page except the comparison with the reference.

    Attributes:
        title: The assignment's.
        student: Who.
        filename: Which file.
        digest: First digits of the file's SHA-256.
        status: In a word.
        score: Points and grade, which know whether they are final.
        lateness: Whether it was late and what that costs, "" if nothing is due.
        decided: Who set the points as a whole, and why, or "".
        reasons: Why a person must look.
        checks: In rubric order.
        answers: To the open questions.
        run: The run.
        problems: What could not be rebuilt or measured.
        notes: What was fixed or noticed.
        methods: How each number of the checks was measured: its name, and the method in English.
    """

    title: str
    student: str
    filename: str
    digest: str
    status: str
    score: Score
    lateness: str
    decided: str
    reasons: tuple[str, ...]
    checks: tuple[CheckView, ...]
    answers: tuple[AnswerView, ...]
    run: RunView
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    methods: tuple[tuple[str, str], ...]


def submission_view(graded: GradedSubmission, assignment: Assignment, wording: Wording) -> SubmissionView:
    """Describe one graded submission in words."""
    return SubmissionView(
        title=wording.pick(assignment.title) or assignment.assignment,
        student=hygiene.one_line(shown_student(graded.student), hygiene.NAME_LIMIT),
        filename=hygiene.one_line(graded.filename, hygiene.NAME_LIMIT),
        digest=hygiene.one_line(graded.sha256[:_DIGEST_SHOWN]),
        status=wording.status(graded.grade.status),
        score=score(graded.grade, assignment, wording),
        lateness=lateness(graded.grade, assignment, wording, marked_late=marked_late(graded.filename)),
        decided=decided_total(graded.grade, wording),
        reasons=review_reasons(graded, assignment, wording),
        checks=tuple(check_view(result, assignment, wording) for result in graded.grade.results),
        answers=answer_views(graded, assignment, wording),
        run=run_view(graded.run, wording),
        problems=_problems(graded, wording),
        notes=_notes(graded, wording),
        methods=_methods(graded, wording),
    )


def check_title(check: str, assignment: Assignment, wording: Wording) -> str:
    """Return the rubric's title of a check, or its id if the rubric no longer has it."""
    return wording.pick(assignment.title_of(check)) or hygiene.one_line(check)


def check_anchor(check: str) -> str:
    """Return the id of a check's place in a report."""
    return f"check-{_NO_ID_CHARACTER.sub('-', check)[: hygiene.LINE_LIMIT]}"


def check_view(result: CheckResult, assignment: Assignment, wording: Wording) -> CheckView:
    """Describe one check's result in words."""
    findings, measurements = grouped_findings(result.findings), result.measurements
    return CheckView(
        anchor=check_anchor(result.check),
        title=check_title(result.check, assignment, wording),
        outcome=result.outcome,
        word=wording.outcome(result.outcome),
        points=check_points(result, wording),
        share=result.points_awarded / result.points_possible if result.points_possible else 0.0,
        weight=result.points_possible,
        message=wording.say(result.message),
        decided=decided_check(result, wording),
        findings=tuple(finding_view(kind, wording, among) for kind, among in findings[:_FINDINGS_SHOWN]),
        findings_left_out=max(0, len(findings) - _FINDINGS_SHOWN),
        measurements=tuple(MeasurementView(wording.quantity(m.name), wording.measured(m)) for m in measurements),
    )


def answer_views(graded: GradedSubmission, assignment: Assignment, wording: Wording) -> tuple[AnswerView, ...]:
    """Return the answers to the open questions; Markdown stays as it was typed."""
    results = {result.check: result for result in graded.grade.results}
    return tuple(
        AnswerView(
            title=check_title(one.question, assignment, wording),
            prompt=hygiene.many_lines(_unwrapped(wording.pick_lines(one.prompt)), hygiene.BLOCK_LIMIT),
            text=hygiene.many_lines(one.text, _ANSWER_LIMIT),
            points=check_points(results[one.question], wording) if one.question in results else "",
            comment=decided_check(results[one.question], wording) if one.question in results else "",
        )
        for one in graded.answers
    )


def finding_view(finding: Finding, wording: Wording, among: Sequence[Finding] = ()) -> FindingView:
    """Describe one finding, with others of its kind at other places, in words; empty parts are left out."""
    places = among or (finding,)
    parts = (
        (wording.t("Expected"), wording.say(finding.expected)),
        (wording.t("Found"), said_once((one.actual for one in places), wording)),
        (wording.t("Why it matters"), wording.say(finding.why)),
        (wording.t("Hint"), wording.say(finding.hint)),
    )
    where = said_once((one.where for one in places), wording)
    return FindingView(where, tuple(part for part in parts if part[1]))


def review_reasons(graded: GradedSubmission, assignment: Assignment, wording: Wording) -> tuple[str, ...]:
    """Say why a person must look: the grade's own reasons, then the undecided checks, by cause."""
    if graded.grade.status is not GradeStatus.NEEDS_REVIEW:
        return ()
    reasons = [wording.say(reason) for reason in graded.grade.reasons]
    unjudged: dict[str, list[str]] = {}
    for result in graded.grade.results:
        if result.outcome is Outcome.UNGRADABLE:
            title = check_title(result.check, assignment, wording)
            unjudged.setdefault(wording.say(result.message), []).append(f"“{title}”")
    reasons += [
        wording.t("Could not be judged: {checks}. {cause}", checks=", ".join(titles), cause=cause)
        for cause, titles in unjudged.items()
        if cause not in reasons
    ]
    return tuple(dict.fromkeys(reasons))


def run_view(run: RunRecord, wording: Wording) -> RunView:
    """Describe the run in words."""
    kinds = grouped_errors(run.errors)
    return RunView(
        status=wording.run(run.status),
        remarks=_run_remarks(run, wording),
        facts=_run_facts(run, wording),
        errors=tuple(_error_view(same, run.places, wording) for same in kinds[:_ERRORS_SHOWN]),
        errors_left_out=sum(map(len, kinds[_ERRORS_SHOWN:])) + run.errors_left_out,
    )


# Helpers


def _unwrapped(prompt: str) -> str:
    """Return a question of ours without the line breaks and asterisks of its Markdown."""
    paragraphs = prompt.replace("**", "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _run_remarks(run: RunRecord, wording: Wording) -> tuple[str, ...]:
    remarks = [wording.stopper(run.stopped_by)]
    if run.detail is not None:
        remarks.append(wording.say(run.detail))
    if run.output_truncated:
        remarks.append(wording.t("The notebook printed more than is kept; the rest of its output was dropped."))
    if not run.sandboxed:
        remarks.append(wording.t("It ran without the sandbox."))
    return tuple(remark for remark in remarks if remark)


def _run_facts(run: RunRecord, wording: Wording) -> tuple[tuple[str, str], ...]:
    cells = wording.t("{run} of {total}", run=wording.count(run.cells_run), total=wording.count(run.cells_total))
    facts = [(wording.t("Code cells run"), cells)]
    if run.last_cell >= 0 and run.cells_run < run.cells_total:
        facts.append((wording.t("Last cell started"), wording.say(cell_title(run.last_cell, run.places))))
    facts.append((wording.t("Time"), wording.t("{seconds} s", seconds=wording.number(run.wall_seconds, 1))))
    if run.peak_memory_mib:
        memory = wording.t("{mebibytes} MiB", mebibytes=wording.number(run.peak_memory_mib, 0))
        facts.append((wording.t("Peak memory"), memory))
    return tuple(facts)


def _error_view(same: Sequence[CellError], places: Places, wording: Wording) -> ErrorView:
    error = same[0]
    return ErrorView(
        cell=said_once((cell_title(one.cell_index, places) for one in same), wording),
        name=hygiene.one_line(error.name),
        line=hygiene.one_line(error.line),
        text=hygiene.many_lines(error.text),
    )


def _problems(graded: GradedSubmission, wording: Wording) -> tuple[str, ...]:
    said = []
    for problem in graded.measurements.problems[:_NOTES_SHOWN]:
        reason = wording.say(problem.reason)
        model = hygiene.one_line(problem.model)
        said.append(wording.t("{model}: {problem}", model=model, problem=reason) if model else reason)
    return (*said, *_left_out(graded.measurements.problems, wording))


def _notes(graded: GradedSubmission, wording: Wording) -> tuple[str, ...]:
    notes: list[Message] = list(graded.notes[:_NOTES_SHOWN])
    said = [*(wording.say(note) for note in notes), *_left_out(graded.notes, wording)]
    if graded.accelerated:
        said.append(wording.t("Training was shortened where going on could no longer have changed a point."))
    return tuple(said)


def _left_out(listed: Sequence[object], wording: Wording) -> tuple[str, ...]:
    """Say how many more there are than are shown; empty if all are shown."""
    more = len(listed) - _NOTES_SHOWN
    return (wording.say(further_ones(count=wording.count(more))),) if more > 0 else ()


def _methods(graded: GradedSubmission, wording: Wording) -> tuple[tuple[str, str], ...]:
    used = {m.name: m.how for result in graded.grade.results for m in result.measurements if m.how}
    return tuple((wording.quantity(name), hygiene.one_line(how)) for name, how in used.items())
