"""One student, several hand-ins."""

from __future__ import annotations

from pathlib import Path

import pytest
from intake_samples import notebook_bytes, plant, reported, zip_bytes

from grader.domain.submission import UnreadableSubmissionError
from grader.intake.notebook import read_notebook
from grader.intake.submissions import collect

FIRST, SECOND, THIRD = (notebook_bytes(f"print({number})") for number in (1, 2, 3))


def outcome(tmp_path: Path, files: dict[str, bytes]) -> list[tuple[str, str, str]]:
    """Return student, file name and conflict of what is found in these files."""
    submissions = collect([plant(tmp_path / "class", files)], tmp_path / "work")
    return [(submission.student, submission.filename, reported(submission.conflict)) for submission in submissions]


def test_different_notebooks_of_one_student_wait_for_a_person(tmp_path: Path) -> None:
    """They are one submission, which names them all."""
    files = {"Ana_12_assignsubmission_file_/a.ipynb": FIRST, "Ana_12_assignsubmission_file_/v2/a.ipynb": SECOND}
    text = (
        "This student handed in 2 different notebooks: Ana_12_assignsubmission_file_/a.ipynb, "
        "Ana_12_assignsubmission_file_/v2/a.ipynb. None of them was run. "
        "Decide which one counts and grade that one alone."
    )
    assert outcome(tmp_path, files) == [("Ana-12", "a.ipynb", text)]


def test_nothing_of_several_notebooks_is_read(tmp_path: Path) -> None:
    """The reader refuses the submission with the conflict's own words, so that nothing of it can run."""
    files = {"ana/a.ipynb": FIRST, "ana/b.ipynb": SECOND, "luis/t.ipynb": THIRD, "eva/t.ipynb": THIRD}
    ana = collect([plant(tmp_path / "class", files)], tmp_path / "work")[0]
    with pytest.raises(UnreadableSubmissionError) as refused:
        read_notebook(ana)
    assert refused.value.reason == ana.conflict


def test_several_notebooks_are_known_by_all_of_their_bytes(tmp_path: Path) -> None:
    """Whoever changes the second one has handed in something else, and the old grade is not taken for it."""
    digests = set()
    for number, second in enumerate((SECOND, THIRD, SECOND)):
        folder = plant(tmp_path / str(number) / "class", {"ana.zip": zip_bytes({"a.ipynb": FIRST, "b.ipynb": second})})
        plant(folder, {"luis.ipynb": FIRST})
        digests.add(collect([folder], tmp_path / "work")[0].sha256)
    assert len(digests) == 2


def test_the_latest_counts_where_the_platform_says_when(tmp_path: Path) -> None:
    """Gradescope keeps two submissions of one student apart by their time."""
    metadata = "".join(
        f"submission_{number}:\n  :submitters:\n  - :name: Ana\n    :sid: '1'\n  :created_at: 2026-03-0{day} 10:00:00 Z\n"
        for number, day in ((7, 2), (8, 1))
    )
    files = {
        "submission_metadata.yml": metadata.encode(),
        "submission_7/a.ipynb": FIRST,
        "submission_8/b.ipynb": SECOND,
    }
    assert outcome(tmp_path, files) == [("Ana-1", "a.ipynb", "")]


def test_the_latest_of_two_assignments_is_not_the_one_that_counts(tmp_path: Path) -> None:
    """What nbgrader keeps under another assignment was handed in for that one."""
    files = {
        "submitted/ana/ps1/a.ipynb": FIRST, "submitted/ana/ps1/timestamp.txt": b"2026-03-01 10:00:00 UTC",
        "submitted/ana/ps2/b.ipynb": SECOND, "submitted/ana/ps2/timestamp.txt": b"2026-03-02 10:00:00 UTC",
    }  # fmt: skip
    ((student, _, conflict),) = outcome(tmp_path, files)
    assert (student, conflict[:46]) == ("ana", "This student handed in 2 different notebooks: ")


def test_the_same_bytes_twice_are_one_submission(tmp_path: Path) -> None:
    """A copy with another name changes nothing."""
    files = {"Ana_12_assignsubmission_file_/a.ipynb": FIRST, "Ana_12_assignsubmission_file_/a (1).ipynb": FIRST}
    assert outcome(tmp_path, files) == [("Ana-12", "a (1).ipynb", "")]


def test_the_same_bytes_of_two_students_are_two_submissions(tmp_path: Path) -> None:
    """Copying is judged elsewhere; here nobody may lose a hand-in."""
    files = {"ana/t.ipynb": FIRST, "luis/t.ipynb": FIRST, "eva.ipynb": FIRST}
    assert outcome(tmp_path, files) == [
        ("ana", "t.ipynb", ""),
        ("eva", "eva.ipynb", ""),
        ("luis", "t.ipynb", ""),
    ]


def test_several_notebooks_in_one_zip_wait_for_a_person(tmp_path: Path) -> None:
    """The message names the places inside the zip, the first six of them."""
    notebooks = {f"{number}.ipynb": notebook_bytes(f"print({number})") for number in range(7)}
    ((student, _, conflict),) = outcome(tmp_path, {"ana.zip": zip_bytes(notebooks)})
    assert (student, conflict) == (
        "ana",
        (
            "This student handed in 7 different notebooks: ana.zip/0.ipynb, ana.zip/1.ipynb, ana.zip/2.ipynb, "
            "ana.zip/3.ipynb, ana.zip/4.ipynb, ana.zip/5.ipynb, …. None of them was run. "
            "Decide which one counts and grade that one alone."
        ),
    )


def test_the_last_upload_to_canvas_counts_where_its_order_is_certain(tmp_path: Path) -> None:
    """Plain name, suffixes and attachment numbers rise together; late or not does not matter."""
    files = {
        "garcia_1234_98765_t.ipynb": FIRST,
        "garcia_1234_98770_t-1.ipynb": SECOND,
        "garcia_LATE_1234_99001_t-2.ipynb": THIRD,
    }
    assert outcome(tmp_path, files) == [("garcia-1234", "garcia_LATE_1234_99001_t-2.ipynb", "")]


@pytest.mark.parametrize(
    "names",
    [
        # Two parts of the work, as far as we know.
        ("garcia_1234_98765_t-1.ipynb", "garcia_1234_98770_t-2.ipynb"),
        ("garcia_1234_98765_t.ipynb", "garcia_1234_98770_borrador.ipynb"),
        ("garcia_1234_98765_t.ipynb", "garcia_1234_98770_borrador-1.ipynb"),
        # One of them does not come from Canvas.
        ("garcia-1234.ipynb", "garcia_1234_98770_t.ipynb"),
        # The numbers contradict the suffixes, or there are none.
        ("garcia_1234_98765_t-1.ipynb", "garcia_1234_98770_t.ipynb"),
        ("garcia_1234_98765_t.ipynb", "garcia_1234_98770_t.ipynb"),
    ],
)
def test_canvas_uploads_of_uncertain_order_wait_for_a_person(tmp_path: Path, names: tuple[str, str]) -> None:
    """Nothing is dropped on a guess."""
    ((_, _, conflict),) = outcome(tmp_path, {names[0]: FIRST, names[1]: SECOND})
    assert all(name in conflict for name in names)


def test_a_doubt_and_a_conflict_are_both_told(tmp_path: Path) -> None:
    """A submission without a name in the metadata that also holds two notebooks says both."""
    files = {"submission_metadata.yml": b"{}", "submission_7/a.ipynb": FIRST, "submission_7/b.ipynb": SECOND}
    assert [conflict for _, _, conflict in outcome(tmp_path, files)] == [
        (
            "submission_metadata.yml does not name the student of submission_7. Look the submission up in Gradescope. "
            "This student handed in 2 different notebooks: submission_7/a.ipynb, submission_7/b.ipynb. "
            "None of them was run. Decide which one counts and grade that one alone."
        )
    ]
