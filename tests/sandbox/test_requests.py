"""Which shell commands are installers, which a sandbox without network leaves out and notes."""

from __future__ import annotations

import pytest

from grader.probe.shims import _INSTALLERS


@pytest.mark.parametrize(
    "command",
    [
        "pip install x", " pip3 install x", "sudo apt-get install x", "apt install x", "conda install x", "uv pip list",
        "python -m pip install x", "python3.11 -m pip install x", "/usr/bin/python3 -m pip install x",
        "{sys.executable} -m pip install x", "$sys.executable -m pip install x", "wget https://x.org", "curl -O x",
        "gdown 1abc", "mamba install x",
    ],
)  # fmt: skip
def test_what_installs_or_fetches_is_left_out(command: str) -> None:
    """However it is called."""
    assert _INSTALLERS.match(command)


@pytest.mark.parametrize(
    "command",
    [
        "ls",
        "echo pip install x",
        "pipeline",
        "python train.py",
        "python -m module",
        "aptitude",
        "cat wget.log",
        "unzip x",
    ],
)
def test_everything_else_is_run(command: str) -> None:
    """A name that only begins or ends like an installer's is none."""
    assert not _INSTALLERS.match(command)
