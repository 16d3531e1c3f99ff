"""The commands. Bodies are thin: read options, call one use case, show what came out."""

from __future__ import annotations


def main() -> None:
    """Run the `grader` command."""
    from grader.cli.app import app

    app()
