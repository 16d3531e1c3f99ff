"""GitHub Classroom: a workflow that checks a student's notebook at each push, and the input of its reporter.

GitHub Classroom's own reporter (`classroom-resources/autograding-grading-reporter`) takes the result of a step as JSON
in Base64: `max_score`, and `tests` with name, status (`pass`, `fail`, `error`), score and message; it adds the scores
up. What runs in a student's repository is a student's: the workflow gives feedback on public images, like `grader
check`, and grades come from `grader grade` over the checkouts.

The workflow calls this module:

    python -m grader.handback.github_classroom check.json STATUS >> "$GITHUB_OUTPUT"
"""

from __future__ import annotations

import base64
import io
import json
import re
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from grader.domain.datasets import DataSize

WORKFLOW_FILE: Final = ".github/workflows/classroom.yml"
DEFAULT_PACKAGE: Final = "autoencoder-grader"
EXTRAS: Final = "grade,cpu,classroom"

_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_OUR_FAULT: Final = 3
_STATUSES: Final[Mapping[str, str]] = {"PASSED": "pass", "UNGRADABLE": "error"}
"""Of the reporter, by outcome; whatever lost points is a fail."""
_PLAIN: Final = re.compile(r"[\w.-]+")

_WORKFLOW: Final = """\
# Checks the notebook at each push and shows the points in GitHub Classroom. Made by `grader export github-classroom`.
# This is feedback on public images in the student's own repository; grades come from `grader grade`.
name: Autograding Tests
on: [push, repository_dispatch]
permissions:
  checks: write
  actions: read
  contents: read
jobs:
  run-autograding-tests:
    runs-on: ubuntu-latest
    if: github.actor != 'github-classroom[bot]'
    timeout-minutes: 90
    steps:
      - name: Checkout code
        uses: actions/checkout@v4
      - name: Python
        uses: actions/setup-python@v5
        with:
          python-version: "3.12"
          cache: pip
          cache-dependency-path: {workflow}
      - name: Install the grader
        run: python -m pip install {requirement}
      - name: Check the notebook
        id: autoencoder
        run: |
          status=0
          env -u GITHUB_OUTPUT -u GITHUB_ENV -u GITHUB_PATH -u GITHUB_STEP_SUMMARY \\
            grader check {notebook} --assignment {assignment} --lang {language} --data-size {data_size} --json \\
            > "$RUNNER_TEMP/check.json" || status=$?
          python -m grader.handback.github_classroom "$RUNNER_TEMP/check.json" "$status" >> "$GITHUB_OUTPUT"
      - name: Autograding Reporter
        uses: classroom-resources/autograding-grading-reporter@v1
        env:
          AUTOENCODER_RESULTS: "${{{{steps.autoencoder.outputs.result}}}}"
        with:
          runners: autoencoder
"""


@dataclass(frozen=True, slots=True)
class ClassroomConfiguration:
    """What the workflow checks.

    Attributes:
        assignment: Its id; the notebook is `<id>.ipynb` in the root of the repository.
        language: Of the messages.
        data_size: `full` or `sample`.
        package: What `pip install` takes for the grader: a name, or an address.
    """

    assignment: str
    language: str
    data_size: DataSize
    package: str = DEFAULT_PACKAGE


def workflow(configuration: ClassroomConfiguration, *, has_bundle: bool = False) -> str:
    """Return the workflow's text.

    Args:
        configuration: What it checks.
        has_bundle: The assignment is the instructor's own, and what was published of it lies beside the notebook.
    """
    assignment = configuration.assignment
    if not _PLAIN.fullmatch(assignment):
        raise ValueError(f"an assignment called {assignment!r} cannot stand in a workflow")
    return _WORKFLOW.format(
        workflow=WORKFLOW_FILE,
        requirement=json.dumps(_requirement(configuration.package)),
        notebook=f"{assignment}.ipynb",
        assignment=f"{assignment}.json" if has_bundle else assignment,
        language=configuration.language,
        data_size=configuration.data_size,
    )


def repository_zip(configuration: ClassroomConfiguration, notebook: bytes, bundle: str | None = None) -> bytes:
    """Return the files of a template repository: the workflow, the students' notebook, an own assignment's bundle.

    Args:
        configuration: What is checked.
        notebook: The notebook as students get it.
        bundle: What `grader publish` writes, for an assignment that is the instructor's own; it holds no solution.
    """
    assignment = configuration.assignment
    files = {
        WORKFLOW_FILE: workflow(configuration, has_bundle=bundle is not None).encode(),
        f"{assignment}.ipynb": notebook,
    }
    if bundle is not None:
        files[f"{assignment}.json"] = bundle.encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _ZIP_TIME), content)
    return buffer.getvalue()


def classroom_result(document: Mapping[str, Any] | None, status: int) -> dict[str, Any]:
    """Return what the reporter reads.

    Args:
        document: What `grader check --json` wrote, None if it wrote nothing that can be read.
        status: With which it ended. 3 is the grader's own fault, which is nobody's zero: it is reported as an error.
    """
    grades: Sequence[Mapping[str, Any]] = () if document is None else document.get("grades", ())
    checks = grades[0]["checks"] if len(grades) == 1 else ()
    if not checks or status == _OUR_FAULT:
        message = "The grader itself failed; that is no fault of the notebook. Show this run to your instructor."
        return {"version": 1, "status": "error", "max_score": 0, "tests": [_test("autoencoder", "error", 0, message)]}
    tests = [
        _test(str(one["check"]), _STATUSES.get(one["outcome"], "fail"), one["points_awarded"] or 0, _said(one))
        for one in checks
    ]
    statuses = {one["status"] for one in tests}
    whole = "fail" if "fail" in statuses else "error" if "error" in statuses else "pass"
    return {"version": 1, "status": whole, "max_score": sum(one["points_possible"] for one in checks), "tests": tests}


def output_line(result: Mapping[str, Any]) -> str:
    """Return the line that a step appends to `$GITHUB_OUTPUT`."""
    return f"result={base64.b64encode(json.dumps(result, ensure_ascii=False).encode('utf-8', 'replace')).decode()}"


# Private -------------------------------------------------------------------------------------------------------------


def _requirement(package: str) -> str:
    if "://" in package:
        return f"{DEFAULT_PACKAGE}[{EXTRAS}] @ {package}"
    return f"{package}[{EXTRAS}]" if _PLAIN.fullmatch(package) else package


def _said(check: Mapping[str, Any]) -> str:
    """Return a check's sentence and the first hints, for a log."""
    hints = (
        " ".join(str(finding[key]) for key in ("where", "hint") if finding.get(key))
        for finding in check.get("findings", ())[:3]
    )
    lines = [str(check.get("message", "")), *hints]
    return "\n".join(line for line in lines if line)


def _test(name: str, status: str, score: float, message: str) -> dict[str, Any]:
    return {"name": name, "status": status, "score": score, "message": message, "test_code": "", "filename": "",
            "line_no": 0, "execution_time": 0}  # fmt: skip


def _read(path: Path) -> Mapping[str, Any] | None:
    try:
        document = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):  # the check ended before it could write; its status says so
        return None
    return document if isinstance(document, dict) else None


def main(arguments: Sequence[str]) -> None:
    """Print the line for `$GITHUB_OUTPUT`."""
    path, status = arguments
    sys.stdout.write(output_line(classroom_result(_read(Path(path)), int(status))) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
