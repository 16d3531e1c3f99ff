"""Finding assignments, facts and reference sources by their ids."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from grader.authoring.assignment_catalogue import (
    assignment_ids,
    assignments_folder,
    facts_ids,
    load_assignment,
    load_facts,
    reference_source,
    references_folder,
)
from grader.authoring.errors import AuthoringError
from grader.domain.assignment import AssignmentError
from grader.domain.facts import ReferenceFacts


def test_the_catalogue_stands_beside_the_package() -> None:
    """The shipped assignments are found without any setting, and `_base` is none of them."""
    ids = assignment_ids()
    assert "stacked" in ids
    assert all((assignments_folder() / name / "assignment.toml").is_file() for name in ids)
    assert "_base" not in ids


def test_folders_without_an_assignment_file_are_no_assignments(workspace) -> None:
    """Only a folder with `assignment.toml` counts; `_base` and hidden folders never do."""
    (workspace.assignments / "empty").mkdir()
    (workspace.assignments / "_base" / "assignment.toml").write_text("", "utf-8")
    assert assignment_ids(folder=workspace.assignments) == ("tiny",)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("tyni", "There is no assignment tyni. Did you mean tiny? There are: stacked, tiny."),
        ("Stacked", "There is no assignment Stacked. Did you mean stacked? There are: stacked, tiny."),
        ("qqq", "There is no assignment qqq. There are: stacked, tiny."),
        ("../tiny", "There is no assignment ../tiny. Did you mean tiny? There are: stacked, tiny."),
    ],
)
def test_an_unknown_assignment_names_the_nearest_and_all(workspace, asked: str, expected: str) -> None:
    """Whoever mistypes an id reads the right one; a path is not an id."""
    other = workspace.assignments / "stacked"
    other.mkdir()
    (other / "assignment.toml").write_text("", "utf-8")
    with pytest.raises(AssignmentError) as caught:
        load_assignment(asked, folder=workspace.assignments, facts_folder=workspace.facts)
    assert str(caught.value) == expected


def test_facts_are_read_as_they_were_written(workspace, example_facts: ReferenceFacts) -> None:
    """Tuples, roles, numbers and truth values survive the way through JSON."""
    assert facts_ids(folder=workspace.facts) == ("tiny",)
    assert load_facts("tiny", folder=workspace.facts) == example_facts


def test_unknown_facts_name_the_nearest_and_all(workspace) -> None:
    """The error says which references have facts."""
    with pytest.raises(AuthoringError) as caught:
        load_facts("tinny", folder=workspace.facts)
    assert str(caught.value) == "There are no facts of a reference tinny. Did you mean tiny? There are: tiny."


def test_wrong_facts_tell_every_place(workspace) -> None:
    """Facts that somebody edited by hand are refused, with the keys that are wrong."""
    path = workspace.facts / "tiny.json"
    content = json.loads(path.read_bytes())
    content["code_size"] = "thirty"
    del content["calibrated"]["sample"]["statistics"]["reconstruction_mse"]["curves"][0]["full"]
    path.write_text(json.dumps(content), "utf-8")
    with pytest.raises(AuthoringError) as caught:
        load_facts("tiny", folder=workspace.facts)
    assert [problem.key for problem in caught.value.problems] == [
        "code_size",
        "calibrated.sample.statistics.reconstruction_mse.curves.0.full",
    ]
    assert str(caught.value).startswith(
        f"The facts of tiny cannot be used. To be made anew:\n  {path}: code_size: Input should be a valid integer"
    )


def test_an_assignment_whose_reference_was_never_calibrated_is_refused(workspace) -> None:
    """Without facts there are no thresholds, so there is nothing to grade with."""
    (workspace.facts / "tiny.json").unlink()
    with pytest.raises(AssignmentError) as caught:
        workspace.load()
    missing = f"tiny has no facts file {workspace.facts / 'tiny.json'}: calibrate it first."
    assert str(caught.value) == (
        f"The assignment tiny cannot be used. To be fixed:\n  {workspace.toml}:2: reference: {missing}"
    )


def test_a_reference_is_quoted_to_the_letter(workspace) -> None:
    """The source of a function is the text of the module, docstring and all."""
    assert reference_source("tiny", "build_encoder", folder=workspace.references) == (
        'def build_encoder():\n    """Twice."""\n    factor = 2\n    return lambda x: factor * x'
    )


def test_an_id_with_a_hyphen_lives_in_a_module_with_an_underscore(tmp_path: Path) -> None:
    """`linear-pca` is `reference/linear_pca.py`."""
    (tmp_path / "linear_pca.py").write_text("def build():\n    return 1\n", "utf-8")
    assert reference_source("linear-pca", "build", folder=tmp_path) == "def build():\n    return 1"


def test_an_unknown_function_or_reference_is_told(workspace) -> None:
    """The error says what there is."""
    with pytest.raises(AuthoringError) as caught:
        reference_source("tiny", "build_decoder", folder=workspace.references)
    assert str(caught.value) == (
        "The reference tiny has no function build_decoder. Did you mean build_encoder? There are: build_encoder."
    )
    with pytest.raises(AuthoringError) as caught:
        reference_source("none", "build", folder=workspace.references)
    assert str(caught.value) == f"There is no reference none: {workspace.references / 'none.py'}."


def test_the_catalogue_answers_without_keras_or_the_references() -> None:
    """Listing and quoting import neither Keras nor `reference`: `grader list` starts at once."""
    code = (
        "import sys; from grader.authoring.assignment_catalogue import assignment_ids, reference_source; "
        "assignment_ids(); reference_source('stacked', 'build_encoder'); "
        "print([name for name in ('keras', 'tensorflow', 'reference') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=references_folder().parent
    )
    assert done.stdout == "[]\n"
