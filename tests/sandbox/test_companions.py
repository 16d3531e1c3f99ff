"""Files that were handed in beside a notebook lie beside it when it runs, and replace nothing."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from sandbox_here import make_sandbox

from grader.domain.run import Limits
from grader.domain.submission import CodeCell, Companion, Notebook
from grader.sandbox.backends import OpenMachine
from grader.sandbox.backends.kernel_settings import lay_out

LIMITS = Limits(cell_seconds=90, notebook_seconds=180, memory_mib=2048, processes=128, work_mib=64, file_mib=64)

CELLS = (
    "from helpers import build\nimport paquete.capas\nassert build() == 3 and paquete.capas.WIDTH == 100",
    "assert open('datos/tabla.csv').read() == '1,2\\n'\nopen('datos/tabla.csv', 'a').write('3,4\\n')",
    "import os\nos.makedirs('/tmp/elsewhere', exist_ok=True)\nos.chdir('/tmp/elsewhere')\nimport mas_tarde",
    "import plots",
)


def companion(folder: Path, name: str, content: bytes) -> Companion:
    """A file as intake hands it on: under a name of ours on the disk."""
    path = folder / hashlib.sha256(name.encode()).hexdigest()[:8]
    path.write_bytes(content)
    return Companion(name, path, hashlib.sha256(content).hexdigest(), len(content))


@pytest.mark.parametrize("name", ["bubblewrap", "open machine"])
def test_a_notebook_imports_and_changes_what_was_handed_in_beside_it(name: str, tmp_path: Path) -> None:
    """Also after it went elsewhere (in the sandbox); modules of the probe are not in its way."""
    files = tmp_path / "received"
    files.mkdir()
    published = tmp_path / "creditcard.csv"
    published.write_text("V1,Class\n0.5,0\n", encoding="utf-8")
    beside = tuple(
        companion(files, *one)
        for one in (
            ("helpers.py", b"def build():\n    return 3\n"),
            ("paquete/__init__.py", b""),
            ("paquete/capas.py", b"WIDTH = 100\n"),
            ("datos/tabla.csv", b"1,2\n"),
            ("mas_tarde.py", b""),
        )
    )
    cells = CELLS[:2] if name == "open machine" else CELLS
    notebook = Notebook(tuple(CodeCell(index, "", source) for index, source in enumerate(cells)), companions=beside)
    record = make_sandbox(name, {"creditcard": published}).run(notebook, LIMITS, tmp_path / "run" / "exchange")
    expected = [] if name == "open machine" else [(3, "ModuleNotFoundError")]
    assert [(error.cell_index, error.name) for error in record.errors] == expected
    assert beside[3].path.read_bytes() == b"1,2\n"


def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    """Intake vets names; nothing is written where it did not."""
    files = tmp_path / "received"
    files.mkdir()
    with pytest.raises(ValueError, match="leads out of its folder"):
        lay_out([companion(files, "../evil.py", b"x")], tmp_path / "beside")
    assert not (tmp_path / "evil.py").exists()


def test_without_companions_no_folder_is_made(tmp_path: Path) -> None:
    """Most notebooks come alone."""
    lay_out([], tmp_path / "beside")
    assert not (tmp_path / "beside").exists()
    assert OpenMachine().work_folder is None
