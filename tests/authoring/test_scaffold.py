"""`grader new`: what an instructor begins with is complete, true and in their language; our ids stay ours."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from grader.authoring.assignment_catalogue import assignment_ids, load_assignment, load_facts
from grader.authoring.courses import chosen_references, open_course, own_references
from grader.authoring.errors import AuthoringError
from grader.authoring.notebooks import generate
from grader.authoring.scaffold import copied, scaffold
from grader.domain.course import Course
from grader.domain.facts import ReferenceFacts
from grader.domain.source_digest import source_digest

FILES = (
    "assignments/my-net/assignment.toml",
    "assignments/my-net/notebook.py.j2",
    "reference/my_net.py",
    "assignments/assignment.schema.json",
)


@pytest.fixture
def course(tmp_path: Path, example_facts: ReferenceFacts) -> Course:
    """A course as `grader new` leaves it, with facts that nobody measured."""
    made = written(tmp_path / "course")
    made.facts.mkdir()
    (made.facts / "my-net.json").write_bytes(TypeAdapter(ReferenceFacts).dump_json(example_facts))
    return made


def written(folder: Path, language: str = "en") -> Course:
    for path, text in scaffold("my-net", folder, language=language).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return Course(folder)


def refusal(assignment: str, folder: Path) -> str:
    with pytest.raises(AuthoringError) as caught:
        scaffold(assignment, folder, language="en")
    return str(caught.value)


# The files


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_files_are_whole_and_speak_one_language(tmp_path: Path, language: str) -> None:
    """Valid Python and TOML, no placeholder and no mark of a language left; what is to be done is marked."""
    files = scaffold("my-net", tmp_path, language=language)
    assert tuple(path.relative_to(tmp_path).as_posix() for path in files) == FILES
    assert not tmp_path.joinpath("assignments").exists()
    toml, template, reference, schema = files.values()
    for text in (toml, template, reference):
        assert re.search(r"__[A-Z_]+__", text) is None
        assert re.search(r"\[(es|en)\] ", text) is None
        assert "TODO" in text
        assert ("TODO: cambia" in text or "TODO: agrega" in text or "la rúbrica" in text) == (language == "es")
    stated = tomllib.loads(toml)
    assert (stated["id"], stated["reference"], sum(item["points"] for item in stated["rubric"])) == (
        "my-net",
        "my-net",
        100,
    )
    assert ast.get_docstring(ast.parse(reference))
    assert json.loads(schema)["title"] == "assignment.toml"


def test_the_languages_differ_in_comments_alone(tmp_path: Path) -> None:
    """The same assignment and the same reference, whoever reads the comments."""
    spanish, english = (list(scaffold("my-net", tmp_path, language=one).values()) for one in ("es", "en"))
    assert spanish != english
    assert tomllib.loads(spanish[0]) == tomllib.loads(english[0])
    bodies = [[ast.dump(node) for node in ast.parse(one[2]).body[1:]] for one in (spanish, english)]
    assert bodies[0] == bodies[1]
    cells = [[line for line in one[1].splitlines() if not line.startswith("{#")] for one in (spanish, english)]
    assert cells[0] == cells[1]


@pytest.mark.parametrize("name", ["My-Net", "my_net", "../my-net", "my--net", "", "-", "my net"])
def test_what_cannot_be_an_id_is_refused(tmp_path: Path, name: str) -> None:
    """By the rule for every assignment."""
    assert refusal(name, tmp_path) == (
        f"{name} cannot be an id: lower-case letters and digits, joined by hyphens, such as my-autoencoder."
    )


@pytest.mark.parametrize("name", ["stacked", "variational-convolutional", "data", "card-data", "contract"])
def test_an_id_of_ours_stays_ours(tmp_path: Path, name: str) -> None:
    """References and the modules beside them alike: notebooks quote both by name."""
    assert refusal(name, tmp_path) == f"{name} is an id of the grader's own; choose another one."


@pytest.mark.parametrize("name", [*FILES[:3], "facts/my-net.json"])
def test_nothing_is_overwritten(tmp_path: Path, name: str) -> None:
    """Whichever of its files is there already."""
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    path.write_text("mine", "utf-8")
    assert refusal("my-net", tmp_path) == (
        f"{path} exists already, and nothing was changed. Choose another id, or move it away."
    )


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    """Told with the option to change."""
    (tmp_path / "course").touch()
    assert refusal("my-net", tmp_path / "course") == f"{tmp_path / 'course'} is a file; name a folder with --course."


def test_a_second_assignment_joins_the_first(course: Course) -> None:
    """In the same folder; the first stays as it is."""
    files = scaffold("your-net", course.folder, language="en")
    assert course.module("your-net") in files
    assert not set(files) & {course.module("my-net"), course.assignments / "my-net" / "assignment.toml"}


# The course


def test_a_course_has_its_own_references_and_no_others(course: Course) -> None:
    """Files whose names begin with `_` are no references, nor are those that no id can name."""
    for name in ("_shared.py", "Other.py", "notes.txt"):
        (course.references / name).touch()
    assert own_references(course) == ("my-net",)
    assert chosen_references((), course) == chosen_references(("all",), course) == ("my-net",)
    with pytest.raises(AuthoringError, match=r"has no reference my-nut\. Did you mean my-net\? There are: my-net\.$"):
        chosen_references(("my-nut",), course)


@pytest.mark.parametrize("place", ["assignments/stacked/assignment.toml", "reference/stacked.py"])
def test_a_course_cannot_shadow_ours(course: Course, place: str) -> None:
    """Nobody could tell whose assignment graded a class."""
    path = course.folder / place
    path.parent.mkdir(exist_ok=True)
    path.touch()
    with pytest.raises(AuthoringError) as caught:
        open_course(course.folder)
    assert str(caught.value) == (
        f"The course {course.folder} cannot be used. To be fixed:\n"
        f"  {path}: stacked is an id of the grader's own; rename this one."
    )


def test_a_folder_without_a_course_is_told_with_the_command_that_makes_one(tmp_path: Path) -> None:
    """Whether it exists or not; spaces are quoted for the shell."""
    with pytest.raises(AuthoringError) as caught:
        open_course(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path} holds no course: there is no folder {tmp_path / 'assignments'}. "
        f"`grader new ID --course {tmp_path}` makes one, with an assignment to begin with."
    )
    nowhere = tmp_path / "my course"
    with pytest.raises(AuthoringError) as caught:
        open_course(nowhere)
    assert str(caught.value) == (
        f"There is no folder {nowhere}. `grader new ID --course '{nowhere}'` makes it, with an assignment to begin with."
    )


# The notebooks


@pytest.mark.parametrize("language", ["es", "en"])
def test_its_notebooks_quote_the_reference_in_the_solution_alone(course: Course, language: str) -> None:
    """With our macros and texts, and its own on top of them."""
    assignment = load_assignment("my-net", course=course)
    student, solution = (
        "".join(
            cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
            for cell in json.loads(generate(assignment, language=language, solution=one, references=course.references))[
                "cells"
            ]
        )
        for one in (False, True)
    )
    assert "layers.Dense(CODE_SIZE" not in student
    assert "layers.Dense(CODE_SIZE" in solution
    assert "CODE_SIZE = 16" in student
    assert "raise NotImplementedError()" in student
    assert assignment.texts[language]["epoch_label"] in student  # ours
    assert "grader check" not in student  # its own text for handing in


def test_a_reference_of_ours_serves_a_course_as_well(course: Course) -> None:
    """An instructor's own texts and rubric, our solution and our facts."""
    path = course.assignments / "my-net" / "assignment.toml"
    path.write_text(path.read_text("utf-8").replace('reference = "my-net"', 'reference = "simple-dense"'), "utf-8")
    assignment = load_assignment("my-net", course=course)
    assert assignment.reference == "simple-dense"
    assert load_facts("simple-dense", course=course) == load_facts("simple-dense")


def test_a_course_may_have_macros_and_texts_of_its_own(course: Course) -> None:
    """Its own `_base` instead of ours; texts that it does not have are ours."""
    base = course.assignments / "_base"
    base.mkdir()
    (base / "own.py.j2").write_text('# %% [markdown] name="own" kind="text"\n# own {{ text.goal }}\n', "utf-8")
    (base / "texts.toml").write_text('[text.es]\nepoch_label = "vuelta"\n[text.en]\nepoch_label = "round"\n', "utf-8")
    (course.assignments / "my-net" / "notebook.py.j2").write_text('{% include "_base/own.py.j2" %}', "utf-8")
    assignment = load_assignment("my-net", course=course)
    assert (assignment.texts["es"]["epoch_label"], assignment.texts["en"]["loss_label"]) == ("vuelta", "loss")
    assert "# own" not in generate(assignment, language="en", solution=False, references=course.references)
    assert "own You are" in generate(assignment, language="en", solution=False, references=course.references)


def test_missing_facts_are_told_with_the_command_that_makes_them(course: Course) -> None:
    """In the assignment's own file and line, and for the reference itself; ours never stand in."""
    (course.facts / "my-net.json").unlink()
    command = f"grader calibrate my-net --course {course.folder}"
    sentence = f"my-net has no facts yet, and every threshold comes from them: run `{command}`."
    file = course.assignments / "my-net" / "assignment.toml"
    line = next(n for n, text in enumerate(file.read_text("utf-8").splitlines(), 1) if text.startswith("reference"))
    with pytest.raises(AuthoringError) as caught:
        load_assignment("my-net", course=course)
    assert str(caught.value).endswith(f"\n  {file}:{line}: reference: {sentence}")
    with pytest.raises(AuthoringError) as caught:
        load_facts("my-net", course=course)
    assert str(caught.value) == sentence


def test_a_reference_that_changed_after_its_calibration_asks_for_a_new_one(course: Course) -> None:
    """In the assignment's file and line, with the command; better words in the reference change nothing."""
    module, facts = course.module("my-net"), course.facts / "my-net.json"
    digest = source_digest("my_net", lambda name: module.read_text("utf-8") if name == "my_net" else None)
    facts.write_text(json.dumps(json.loads(facts.read_text("utf-8")) | {"source_digest": digest}), "utf-8")
    module.write_text(f"# A better explanation.\n{module.read_text('utf-8')}", "utf-8")
    assert load_assignment("my-net", course=course).reference == "my-net"
    module.write_text(f"{module.read_text('utf-8')}\nCODE_SIZE = 20\n", "utf-8")
    with pytest.raises(AuthoringError) as caught:
        load_assignment("my-net", course=course)
    assert "reference: my-net has changed since its facts were made" in str(caught.value)
    assert f"run `grader calibrate my-net --course {course.folder}`" in str(caught.value)


def test_facts_of_another_reference_are_refused(course: Course) -> None:
    """Whoever copies a file would be graded by what it was copied from."""
    with pytest.raises(AuthoringError) as caught:
        load_facts("my-net", course=course)
    assert str(caught.value).endswith(f"\n  {course.facts / 'my-net.json'}: reference: these are the facts of tiny.")


def test_a_reference_of_nobody_is_told(course: Course) -> None:
    """With the file that would be it."""
    course.module("my-net").unlink()
    with pytest.raises(AuthoringError) as caught:
        load_assignment("my-net", course=course)
    assert str(caught.value).endswith(
        f"my-net is no reference of the grader's, and none of this course: {course.module('my-net')} is not there."
    )


@pytest.mark.parametrize("source", assignment_ids())
def test_every_assignment_can_be_copied_and_the_copy_generates(tmp_path: Path, source: str) -> None:
    """The same cells under another id, with the facts of the same reference."""
    for path, text in copied("tarea1", source, tmp_path).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    ours, copy = load_assignment(source), load_assignment("tarea1", course=Course(tmp_path))
    assert (copy.reference, copy.rubric_hash, copy.texts) == (ours.reference, ours.rubric_hash, ours.texts)
    written = generate(copy, language="es", solution=True, references=Course(tmp_path).references)
    assert written.count('"id"') == generate(ours, language="es", solution=True).count('"id"')
