"""A graded class on the disk, made without running anything: what `grader grade` leaves, with notebooks and answers."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from grader.authoring.assignment_catalogue import assignments_folder, load_assignment, load_facts
from grader.authoring.notebooks import generate
from grader.delivery import write_class
from grader.domain.assignment import Assignment
from grader.domain.course import Course
from grader.domain.datasets import DataSize
from grader.domain.grade import CheckResult, Finding, Outcome
from grader.domain.graded import GradedSubmission
from grader.domain.measurement import ImageStrip, Measurement, Measurements, Quantity
from grader.domain.messages import Message, message
from grader.domain.run import RunRecord, RunStatus
from grader.domain.submission import Submission
from grader.locale import Translator
from grader.review.book import Book, BookPlace
from grader.review.handed_in import keep_hand_ins
from grader.scoring import score

QUESTIONS = """
[[question]]
id = "compression"
points = 6
title.es = "Qué cambia con el tamaño del código"
title.en = "What changes with the size of the code"
criteria.es = "Nombra el factor de compresión en ambos casos y dice que con 784 números se puede copiar."
criteria.en = "Names the compression factor in both cases and says that 784 numbers allow copying."

[[question]]
id = "losses"
points = 4
title.es = "Qué se pierde y qué se conserva"
title.en = "What is lost and what is kept"
"""
"""Two of the three open questions of `stacked` carry points here; the third one is read and carries none."""

DUE = "\n[due]\ndate = 2026-12-01T23:59:00-05:00\nlate_percent_per_day = 10\n"
ON_TIME = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
TWO_DAYS_LATE = datetime(2026, 12, 3, 12, 0, tzinfo=UTC)

OUT_OF_MEMORY = message("The measuring process ran out of memory.")
TWO_FILES = message("Two different files were handed in.")
TOO_WIDE = Finding(
    message("encoder"), message("A code of {expected} numbers", expected=30), message("{actual} numbers", actual=64),
    message("A wider code compresses less."), message("Look at the last layer of the encoder."),
)  # fmt: skip


@dataclass(frozen=True)
class Pupil:
    """One student of the sample class.

    Attributes:
        name: Who.
        outcomes: Outcome and share of the points of checks that were not met in full.
        answers: What was written, by question.
        reasons: Why the grade waits besides its checks.
        submitted_at: When it was handed in.
        cells: Further cells of the notebook.
        seconds: How long grading took.
    """

    name: str
    outcomes: Mapping[str, tuple[Outcome, float]] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    reasons: tuple[Message, ...] = ()
    submitted_at: datetime | None = ON_TIME
    cells: tuple[Mapping[str, object], ...] = ()
    seconds: float = 41.5


ANA = Pupil(
    "Ana García", answers={"compression": "Con 2 números el factor es **392**.", "losses": "Se pierde la textura."}
)
LUIS = Pupil(
    "Luis Ñáñez",
    {"code_size": (Outcome.FAILED, 0.0), "reconstruction": (Outcome.PARTIAL, 0.5)},
    {"compression": "No sé."},
    submitted_at=TWO_DAYS_LATE,
)
ZOE = Pupil("Zoé Ruiz", {"reconstruction": (Outcome.UNGRADABLE, 0.0), "composition": (Outcome.UNGRADABLE, 0.0)})
IVAN = Pupil("Iván Peña", reasons=(TWO_FILES,))


def picture(width: int = 40, height: int = 30) -> str:
    """A grey PNG, as a notebook keeps it."""
    rows = b"".join(b"\0" + bytes((x * 6) % 256 for x in range(width)) for _ in range(height))

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return base64.b64encode(png).decode()


OUTPUTS: Mapping[str, object] = {
    "cell_type": "code", "execution_count": 3, "metadata": {}, "source": "plt.imshow(X[0])\nprint('listo')",
    "outputs": [
        {"output_type": "stream", "name": "stdout", "text": "listo\n"},
        {"output_type": "display_data", "metadata": {}, "data": {"image/png": picture(), "text/plain": "<Figure>"}},
        {"output_type": "display_data", "metadata": {}, "data": {"text/html": "<b>tabla</b><script>parent.owned=1</script>"}},
        {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": ["\x1b[31mValueError\x1b[0m: no"]},
    ],
}  # fmt: skip

HOSTILE_CELLS: tuple[Mapping[str, object], ...] = (
    {"cell_type": "markdown", "metadata": {}, "source": (
        "# Título\n<script>parent.owned=1</script><img src=x onerror=\"parent.owned=1\">\n"
        "[pulsa](javascript:parent.owned=1) ![x](https://evil.example/pixel.png) <https://evil.example>\n"
        "| a | b |\n|---|---|\n| 1 | **2** |\n")},
    {"cell_type": "code", "execution_count": 1, "metadata": {}, "source": "x = '</pre><script>parent.owned=1</script>'",
     "outputs": [
        {"output_type": "display_data", "metadata": {}, "data": {"image/svg+xml": "<svg onload='parent.owned=1'/>"}},
        {"output_type": "display_data", "metadata": {}, "data": {"image/png": "\"><script>parent.owned=1</script>"}},
        {"output_type": "execute_result", "metadata": {}, "data": {"text/plain": "<script>parent.owned=1</script>"}},
        {"output_type": "display_data", "metadata": {}, "data": {"application/javascript": "parent.owned=1"}},
     ]},
)  # fmt: skip
HOSTILE = Pupil(
    "<script>owned=1</script>",
    answers={"compression": "<img src=x onerror=owned=1> **negrita**", "losses": "javascript:owned=1"},
    cells=HOSTILE_CELLS,
)


def own_course(folder: Path, *, extra: str = QUESTIONS + DUE) -> Course:
    """A course with one assignment, `tarea1`: `stacked` with points for two open questions and a due date."""
    target = folder / "assignments" / "tarea1"
    target.mkdir(parents=True)
    source = assignments_folder() / "stacked"
    text = (source / "assignment.toml").read_text("utf-8").replace('id = "stacked"', 'id = "tarea1"', 1)
    head, text_tables = text.split("[text.es]", 1)
    (target / "assignment.toml").write_text(f"{head}{extra}\n[text.es]{text_tables}", "utf-8")
    (target / "notebook.py.j2").write_text((source / "notebook.py.j2").read_text("utf-8"), "utf-8")
    return Course(folder)


def notebook(assignment: Assignment, pupil: Pupil, *, language: str = "es") -> bytes:
    """The pupil's notebook: the student's version with answers, further cells and the name in a comment."""
    document = json.loads(generate(assignment, language=language, solution=False))
    for cell in document["cells"]:
        if cell["id"] in pupil.answers:
            cell["source"] = pupil.answers[cell["id"]]
    document["cells"] += [
        {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": f"# {pupil.name}"},
        *pupil.cells,
    ]
    return json.dumps(document).encode()


def graded(pupil: Pupil, assignment: Assignment, sha256: str) -> GradedSubmission:
    """What the pipeline would say of it."""
    results = tuple(
        _result(item.check, item.points, *pupil.outcomes.get(item.check, (Outcome.PASSED, 1.0)))
        for item in assignment.rubric
    )
    return GradedSubmission(
        student=pupil.name,
        filename="tarea.ipynb",
        sha256=sha256,
        assignment=assignment.assignment,
        rubric_hash=assignment.rubric_hash,
        grade=score(results, reasons=pupil.reasons),
        run=RunRecord(RunStatus.COMPLETED, cells_total=20, cells_run=20, wall_seconds=30.0, peak_memory_mib=900.0),
        measurements=Measurements(data=DataSize.SAMPLE, strips=(ImageStrip("original", 28, 28, (_grey(),) * 6),)),
        wall_seconds=pupil.seconds,
        submitted_at=pupil.submitted_at,
    )


def write_folder(
    out: Path,
    assignment_id: str,
    pupils: Sequence[Pupil],
    *,
    course: Course | None = None,
    language: str = "es",
    bytes_of: Callable[[Assignment, Pupil], bytes] = notebook,
) -> BookPlace:
    """Write the folder of a graded class."""
    assignment = load_assignment(assignment_id, course=course)
    place = BookPlace.new(out, course=course)
    inbox = out.parent / f"inbox-{out.name}"
    inbox.mkdir(parents=True)
    out.mkdir(parents=True, exist_ok=True)
    submissions = []
    for number, pupil in enumerate(pupils):
        path, content = inbox / f"{number}.ipynb", bytes_of(assignment, pupil)
        path.write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        submissions.append(Submission(pupil.name, "tarea.ipynb", path, digest, len(content)))
    with Book.open(place) as book:
        keep_hand_ins(
            submissions,
            out,
            assignment=assignment_id,
            decisions=book.decisions,
            questions=lambda: book.questions(assignment_id),
        )
        made = [graded(pupil, assignment, one.sha256) for pupil, one in zip(pupils, submissions, strict=True)]
        for one in made:
            book.gradebook.add(one, context="sample")
        effective = book.effective(made, assignment)
        book.refresh()
    facts = load_facts(assignment.reference)
    write_class(effective, out, assignment=assignment, facts=facts, translator=Translator(language))
    return place


def _result(check: str, points: float, outcome: Outcome, share: float) -> CheckResult:
    findings = (TOO_WIDE,) if outcome in {Outcome.FAILED, Outcome.PARTIAL} else ()
    numbers = (Measurement(Quantity.RECONSTRUCTION_MSE, 0.0123, "pixel²", "over hidden images"),)
    said = OUT_OF_MEMORY if outcome is Outcome.UNGRADABLE else message("Told.")
    return CheckResult(check, outcome, round(share * points, 2), points, said, findings, numbers)


def _grey() -> str:
    return base64.b64encode(bytes(range(0, 252, 9)) * 28).decode()
