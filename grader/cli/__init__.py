"""The commands. Bodies are thin: read options, call one use case, show what came out."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the `grader` command; a fault of our own ends with its traceback, a sentence and exit status 3."""
    from grader.cli.app import app
    from grader.cli.command_language import our_fault

    try:
        app()
    except Exception as error:  # noqa: BLE001 - nothing above could expect it, and status 1 would mean "did not pass"
        sys.exit(our_fault(error))
