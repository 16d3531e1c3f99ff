"""Other people's tools in environments of their own (`make test-interop`); their kernels run this test's Python."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping

import pytest
from tools import ROOT, Generated, Tool

from grader.authoring.assignment_catalogue import load_assignment
from grader.authoring.notebooks import generate


@pytest.fixture(scope="session")
def kernel_environment(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Environment of a tool: the kernel `python3` is the Python that has Keras and the grader, as in a course."""
    folder = tmp_path_factory.mktemp("jupyter")
    kernel = folder / "kernels" / "python3"
    kernel.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernel_spec = {"argv": command, "display_name": "Python 3", "language": "python", "env": {"PYTHONPATH": str(ROOT)}}
    (kernel / "kernel.json").write_text(json.dumps(kernel_spec), encoding="utf-8")
    own = {
        name: str(folder / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    }
    return {**os.environ, **own, "JUPYTER_PATH": str(folder), "IPYTHONDIR": str(folder / "ipython")}


@pytest.fixture(scope="session")
def nbgrader(kernel_environment: Mapping[str, str]) -> Tool:
    """The nbgrader that `make test-interop` has installed."""
    return Tool.of("nbgrader", kernel_environment)


@pytest.fixture(scope="session")
def jupyterlab(kernel_environment: Mapping[str, str]) -> Tool:
    """The JupyterLab that `make test-interop` has installed, with Playwright."""
    return Tool.of("jupyterlab", kernel_environment)


@pytest.fixture(scope="session")
def generated() -> Generated:
    """Notebooks as `grader generate` writes them."""

    def text(assignment: str, language: str, *, solution: bool = False) -> str:
        return generate(load_assignment(assignment), language=language, solution=solution)

    return text
