"""GitHub Classroom: the workflow in a scratch tree, and its reporter's rules."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from class_samples import EN, STACKED, graded

from grader.gradebook import grades_json
from grader.handback.github_classroom import (
    WORKFLOW_FILE,
    ClassroomConfiguration,
    classroom_result,
    output_line,
    repository_zip,
    workflow,
)

CONFIGURATION = ClassroomConfiguration("stacked", "es", "sample")


def checked(share: float = 1.0, *, waits: bool = False) -> dict[str, Any]:
    """What `grader check --json` writes."""
    return dict(json.loads(grades_json(STACKED, [graded("ana", share, waits=waits)], EN)))


def reported(encoded: str) -> tuple[float, float, str]:
    """What the reporter makes of a result: scores added up, the possible points, whether the run fails.

    By its source: `JSON.parse` of the Base64, `score` of each test added up where `max_score` is not 0.
    """
    result = json.loads(base64.b64decode(encoded, validate=True).decode("utf-8"))
    for test in result["tests"]:
        assert test["status"] in {"pass", "fail", "error"}
        assert isinstance(test["name"], str)
        assert isinstance(test["message"], str)
    return sum(test["score"] for test in result["tests"]), result["max_score"], result["status"]


def steps(text: str) -> list[dict[str, Any]]:
    """The steps of a workflow."""
    (job,) = yaml.safe_load(text)["jobs"].values()
    return list(job["steps"])


@pytest.mark.parametrize(
    ("document", "status", "expected"),
    [
        (checked(), 0, (100.0, 100.0, "pass")),
        (checked(0.5), 1, (50.0, 100.0, "fail")),
        (checked(waits=True), 1, (60.0, 100.0, "error")),
        (checked(), 3, (0, 0, "error")),
        (None, 2, (0, 0, "error")),
        ({"grades": []}, 0, (0, 0, "error")),
    ],
    ids=["everything", "half", "a person waits", "our fault", "nothing written", "nobody"],
)
def test_the_reporter_shows_the_points_of_the_checks(
    document: dict[str, Any] | None, status: int, expected: tuple[float, float, str]
) -> None:
    """The grader's own fault counts nothing: it is reported as an error without points."""
    line = output_line(classroom_result(document, status))
    assert line.startswith("result=")
    assert "\n" not in line
    assert reported(line.removeprefix("result=")) == expected


def test_the_workflow_is_what_classroom_expects() -> None:
    """Its name, its job, the reporter with the runner's id, and the result under the name that the reporter reads."""
    text = workflow(CONFIGURATION)
    document = yaml.safe_load(text)
    assert document["name"] == "Autograding Tests"
    assert list(document["jobs"]) == ["run-autograding-tests"]
    assert document["permissions"] == {"checks": "write", "actions": "read", "contents": "read"}
    *_, grading, reporter = steps(text)
    assert reporter["uses"] == "classroom-resources/autograding-grading-reporter@v1"
    runner = reporter["with"]["runners"]
    assert grading["id"] == runner
    assert reporter["env"] == {f"{runner.upper()}_RESULTS": f"${{{{steps.{runner}.outputs.result}}}}"}


@pytest.mark.parametrize(
    "package", ["autoencoder-grader", "git+https://uni.example/g.git", "https://uni.example/g.whl"]
)
def test_the_grader_is_installed_from_where_the_course_says(package: str) -> None:
    """By one word of `pip install`, with the extras that a check needs."""
    (install,) = [
        one
        for one in steps(workflow(ClassroomConfiguration("stacked", "es", "full", package)))
        if "pip install" in one.get("run", "")
    ]
    assert install["run"].startswith('python -m pip install "autoencoder-grader[grade,cpu,classroom]')
    assert (package in install["run"]) is True


def test_the_repository_holds_no_solution() -> None:
    """Workflow, notebook, and what was published of an own assignment."""
    with zipfile.ZipFile(io.BytesIO(repository_zip(CONFIGURATION, b"{}", '{"bundle": 1}'))) as archive:
        assert archive.namelist() == [WORKFLOW_FILE, "stacked.ipynb", "stacked.json"]
        assert "--assignment stacked.json" in archive.read(WORKFLOW_FILE).decode()
    with zipfile.ZipFile(io.BytesIO(repository_zip(CONFIGURATION, b"{}"))) as archive:
        assert archive.namelist() == [WORKFLOW_FILE, "stacked.ipynb"]


def test_an_assignment_whose_name_is_a_command_is_refused() -> None:
    """Nothing of a file may run in a workflow."""
    with pytest.raises(ValueError, match="cannot stand in a workflow"):
        workflow(ClassroomConfiguration("a; rm -rf /", "es", "full"))


@pytest.mark.parametrize(("share", "status"), [(1.0, 0), (0.5, 1), (None, 3)])
def test_the_step_runs_in_a_scratch_tree(tmp_path: Path, share: float | None, status: int) -> None:
    """As GitHub runs it: `bash -e`, a file for outputs, the exit status of the check, nothing of the runner's for it."""
    tools, runner = tmp_path / "bin", tmp_path / "runner"
    for folder in (tools, runner):
        folder.mkdir()
    (tmp_path / "document.json").write_text("" if share is None else json.dumps(checked(share)), "utf-8")
    (tools / "grader").write_text(
        f'#!/bin/sh\nenv > "{tmp_path}/environment"\necho "$@" > "{tmp_path}/arguments"\ncat "{tmp_path}/document.json"\nexit {status}\n'
    )
    (tools / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    for tool in tools.iterdir():
        tool.chmod(0o755)
    (script,) = [one["run"] for one in steps(workflow(CONFIGURATION)) if one.get("id") == "autoencoder"]
    environment = {
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "RUNNER_TEMP": str(runner), "GITHUB_OUTPUT": str(runner / "output"),
        "GITHUB_ENV": str(runner / "env"), "PYTHONPATH": os.pathsep.join(sys.path),
    }  # fmt: skip
    subprocess.run(["bash", "-e", "-c", script], cwd=tmp_path, env=environment, check=True)  # noqa: S607
    line = (runner / "output").read_text().strip()
    points, possible, _ = reported(line.removeprefix("result="))
    assert (points, possible) == ((0, 0) if share is None else (100 * share, 100.0))
    assert "GITHUB_OUTPUT" not in (tmp_path / "environment").read_text()
    assert (tmp_path / "arguments").read_text().split() == [
        "check", "stacked.ipynb", "--assignment", "stacked", "--lang", "es", "--data-size", "sample", "--json",
    ]  # fmt: skip
