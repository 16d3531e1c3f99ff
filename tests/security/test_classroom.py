"""What Colab gives a notebook: done, or left out and noted; and what students' errors look like in the record."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from laboratory import BACKENDS, OPEN_MACHINE, QUICK, Outcome, make_sandbox, run

from grader.domain.run import CellError, RunStatus

ASKED_FOR = {
    "!pip install -q seaborn": "pip install -q seaborn",
    "%pip install umap-learn": "%pip install umap-learn",
    "import sys\n!{sys.executable} -m pip list": "{sys.executable} -m pip list",
    "answer = !pip install seaborn\nassert answer == []": "pip install seaborn",
    "%%capture\n!pip install plotly": "pip install plotly",
    "%%bash\necho before\npip install gensim\necho after": "pip install gensim",
    "%%sh\napt-get update && apt-get install -y graphviz": "apt-get update && apt-get install -y graphviz",
    "%%shell\npip install keras-tuner": "pip install keras-tuner",
    "!apt-get -qq install -y graphviz": "apt-get -qq install -y graphviz",
    "!sudo apt install graphviz": "sudo apt install graphviz",
    "!wget -q https://example.org/data.zip": "wget -q https://example.org/data.zip",
    "%conda install pandas": "%conda install pandas",
    "from google.colab import drive\ndrive.mount('/content/drive')": "google.colab.drive.mount()",
    "from google.colab import files\nuploaded = files.upload()\nassert uploaded == {}": "google.colab.files.upload()",
    "from google.colab import userdata\nuserdata.get('KEY')": "google.colab.userdata.get()",
    "from google.colab.patches import cv2_imshow\ncv2_imshow(None)": "google.colab.patches.cv2_imshow()",
    "import google.colab\ngoogle.colab.output.clear()": "google.colab.output.clear()",
    "%tensorflow_version 2.x": "%tensorflow_version 2.x",
    "%load_ext tensorboard": "%load_ext tensorboard",
    "%tensorboard --logdir logs": "%tensorboard --logdir logs",
}
"""A cell, and how the request stands in the claims."""

ORDINARY = (
    "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
    "%%time\nsquares = [number ** 2 for number in range(3)]",
    "assert squares == [0, 1, 4]",
    "%timeit -n 1 -r 1 sum(squares)",
    "listing = !ls /\nassert 'content' in listing",
    "%cd -q /content\nimport os\nassert os.getcwd() == '/content'",
    "%%writefile /tmp/module_of_mine.py\nanswer = 42",
    "%run /tmp/module_of_mine.py\nassert answer == 42",
    "!nvidia-smi",
    "%load_ext autoreload\n%autoreload 2",
    "%%bash\ntrue",
    "from IPython.display import HTML, clear_output\nclear_output()\ndisplay(HTML('<b>x</b>'))",
)

LONG = 10_000_000
CLASS_NAME = "raise type('A\\nB\\x1b[31mC\\u202eD', (Exception,), {})"
SEQUENCES = "raise ValueError('\\x1b]0;title\\x07\\x1b[2J\\r\\n\\u2066right\\u2069\\x9b1m\\udc80')"
ERRORS = (
    ("1 / 0", CellError(0, "ZeroDivisionError", "division by zero", "1 / 0")),
    ("import sys\nsys.exit()", CellError(0, "SystemExit", "")),
    ("exit()", CellError(0, "SystemExit", "")),
    ("quit()", CellError(0, "SystemExit", "")),
    ("quit", CellError(0, "SystemExit", "")),
    (
        "input('?')",
        CellError(
            0,
            "StdinNotImplementedError",
            "raw_input was called, but this frontend does not support input requests.",
            "input('?')",
        ),
    ),
    ("x = = 1", CellError(0, "SyntaxError", "invalid syntax (1843956808.py, line 1)")),
    ("kept = 1\n%reset -f", None),
    ("kept", CellError(0, "NameError", "name 'kept' is not defined", "kept")),
    ("raise KeyboardInterrupt", CellError(0, "KeyboardInterrupt", "", "raise KeyboardInterrupt")),
    (CLASS_NAME, CellError(0, "A BCD", "", CLASS_NAME)),
    (
        SEQUENCES,
        CellError(0, "ValueError", "]0;title\nright1m�", SEQUENCES),
    ),
    (
        f"raise ValueError('x' * {LONG})",
        CellError(0, "ValueError", "x" * 1999 + "…", f"raise ValueError('x' * {LONG})"),
    ),
    (
        "class Digits(Exception):\n    def _render_traceback_(self): return ['-> ' + '9' * 5000 + ' x']\nraise Digits",
        CellError(0, "Digits", ""),
    ),
    (
        "class Endless(Exception):\n    def _render_traceback_(self): return ['x' * 10**6] * 10\nraise Endless",
        CellError(0, "Endless", ""),
    ),
)
"""Cells and the error that each leaves; None for a cell that ends well."""


@pytest.fixture(scope="module", params=BACKENDS)
def asked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """Ask for everything in one kernel."""
    return run(make_sandbox(request.param), list(ASKED_FOR), tmp_path_factory.mktemp("asked"))


def test_nothing_that_colab_has_ends_a_notebook(asked: Outcome) -> None:
    """Installing, mounting and uploading are left out without an error."""
    assert (asked.record.status, asked.record.errors) == (RunStatus.COMPLETED, ())


def test_everything_left_out_is_noted_in_order(asked: Outcome) -> None:
    """The report tells the reader what the notebook asked for and did not get."""
    assert list(asked.evidence().requests) == list(ASKED_FOR.values())


def test_ordinary_magics_work(tmp_path: Path) -> None:
    """What needs no network works as it does in Colab, and leaves no request."""
    outcome = run(make_sandbox("bubblewrap"), ORDINARY, tmp_path)
    assert (outcome.record.status, outcome.record.errors, outcome.evidence().requests) == (RunStatus.COMPLETED, (), ())


@pytest.fixture(scope="module", params=BACKENDS)
def erred(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """Make every error in one kernel."""
    return run(make_sandbox(request.param), [cell for cell, _ in ERRORS], tmp_path_factory.mktemp("erred"))


def test_errors_are_recorded_and_the_next_cell_runs(erred: Outcome) -> None:
    """Every error stands in the record with its class, its message and its line, fit for people to read."""
    expected = [
        (index, error.name, error.text, error.line) for index, (_, error) in enumerate(ERRORS) if error is not None
    ]
    assert [(error.cell_index, error.name, error.text, error.line) for error in erred.record.errors] == expected
    assert (erred.record.status, erred.record.cells_run) == (RunStatus.RAISED, len(ERRORS))


def test_errors_can_be_printed_and_stored_anywhere(erred: Outcome) -> None:
    """No control character, no turned direction of writing, no half of a character reaches a report."""
    for error in erred.record.errors:
        for text in (error.name, error.text, error.line):
            text.encode("utf-8")
            assert {unicodedata.category(letter) for letter in text} & {"Cc", "Cs"} <= (
                {"Cc"} if "\n" in text else set()
            )
        assert "\n" not in error.name


def test_odd_errors_end_in_time(tmp_path: Path) -> None:
    """An object that cannot be printed, and a recursion without end, are errors like others, with any number of modules."""
    cells = [
        "import sys, types\nsys.modules.update((f'm{n}', types.ModuleType(f'm{n}')) for n in range(6000))",
        "class Odd:\n    def __repr__(self): return repr(self)\nOdd()",
        "def deeper(): deeper()\ndeeper()",
        "1 / 0",
    ]
    record = run(make_sandbox("bubblewrap"), cells, tmp_path).record
    assert [error.name for error in record.errors[-2:]] == ["RecursionError", "ZeroDivisionError"]


def test_an_error_whose_text_cannot_be_made_costs_its_own_time(tmp_path: Path) -> None:
    """IPython never answers for such a cell; it is a cell that took too long."""
    cell = "class Odd(Exception):\n    def __str__(self): raise self\nraise Odd"
    record = run(make_sandbox("bubblewrap"), [cell], tmp_path, replace(QUICK, cell_seconds=1.0)).record
    assert record.status is RunStatus.TIMED_OUT


def test_requests_are_claims_like_all_others(asked: Outcome) -> None:
    """They stand in `claims.json`, from where the border takes them."""
    claims = json.loads((asked.exchange / "claims" / "claims.json").read_text(encoding="utf-8"))
    assert claims["requests"] == list(asked.evidence().requests)


def test_an_open_machine_runs_where_it_is_told(tmp_path: Path) -> None:
    """A student's own check runs in the student's folder, with the student's files in reach."""
    (tmp_path / "mine.txt").write_text("here")
    sandbox = replace(make_sandbox(OPEN_MACHINE), work_folder=tmp_path)
    assert run(sandbox, ["assert open('mine.txt').read() == 'here'"], tmp_path).record.status is RunStatus.COMPLETED
