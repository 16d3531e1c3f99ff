"""One student, several hand-ins."""

from __future__ import annotations

from pathlib import Path

import pytest
from intake_samples import notebook_bytes, plant, told, zip_bytes

from grader.intake.collecting import collect

FIRST, SECOND, THIRD = (notebook_bytes(f"print({number})") for number in (1, 2, 3))


def outcome(tmp_path: Path, files: dict[str, bytes]) -> list[tuple[str, str, str]]:
    """Return student, file name and conflict of what is found in these files."""
    submissions = collect([plant(tmp_path / "class", files)], tmp_path / "work")
    return [(submission.student, submission.filename, told(submission.conflict)) for submission in submissions]


def test_different_notebooks_of_one_student_wait_for_a_person(tmp_path: Path) -> None:
    """Both are kept, and each names the other."""
    files = {"Ana_12_assignsubmission_file_/a.ipynb": FIRST, "Ana_12_assignsubmission_file_/v2/a.ipynb": SECOND}
    first, second = "Ana_12_assignsubmission_file_/a.ipynb", "Ana_12_assignsubmission_file_/v2/a.ipynb"
    text = (
        "This student handed in 2 different notebooks: {}, and also {}. "
        "Decide which one counts and grade that one alone."
    )
    assert outcome(tmp_path, files) == [
        ("Ana-12", "a.ipynb", text.format(first, second)),
        ("Ana-12", "a.ipynb", text.format(second, first)),
    ]


def test_the_same_bytes_twice_are_one_submission(tmp_path: Path) -> None:
    """A copy with another name changes nothing."""
    files = {"Ana_12_assignsubmission_file_/a.ipynb": FIRST, "Ana_12_assignsubmission_file_/a (1).ipynb": FIRST}
    assert outcome(tmp_path, files) == [("Ana-12", "a (1).ipynb", "")]


def test_the_same_bytes_of_two_students_are_two_submissions(tmp_path: Path) -> None:
    """Copying is judged elsewhere; here nobody may lose a hand-in."""
    files = {"ana/t.ipynb": FIRST, "luis/t.ipynb": FIRST, "eva.ipynb": FIRST}
    assert outcome(tmp_path, files) == [
        ("ana/t", "t.ipynb", ""),
        ("eva", "eva.ipynb", ""),
        ("luis/t", "t.ipynb", ""),
    ]


def test_several_notebooks_in_one_zip_wait_for_a_person(tmp_path: Path) -> None:
    """The messages name the places inside the zip, the first five of them."""
    notebooks = {f"{number}.ipynb": notebook_bytes(f"print({number})") for number in range(7)}
    found = outcome(tmp_path, {"ana.zip": zip_bytes(notebooks)})
    assert [filename for _, filename, _ in found] == list(notebooks)
    assert found[0][2] == (
        "This student handed in 7 different notebooks: ana.zip/0.ipynb, and also ana.zip/1.ipynb, ana.zip/2.ipynb, "
        "ana.zip/3.ipynb, ana.zip/4.ipynb, ana.zip/5.ipynb, …. Decide which one counts and grade that one alone."
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
    found = outcome(tmp_path, {names[0]: FIRST, names[1]: SECOND})
    assert [(filename, conflict != "") for _, filename, conflict in found] == [(names[0], True), (names[1], True)]


def test_a_doubt_and_a_conflict_are_both_told(tmp_path: Path) -> None:
    """A submission without a name in the metadata that also holds two notebooks says both."""
    files = {"submission_metadata.yml": b"{}", "submission_7/a.ipynb": FIRST, "submission_7/b.ipynb": SECOND}
    assert [conflict for _, _, conflict in outcome(tmp_path, files)] == [
        "submission_metadata.yml does not name the student of submission_7. Look the submission up in Gradescope. "
        f"This student handed in 2 different notebooks: submission_7/{mine}.ipynb, "
        f"and also submission_7/{other}.ipynb. Decide which one counts and grade that one alone."
        for mine, other in (("a", "b"), ("b", "a"))
    ]
