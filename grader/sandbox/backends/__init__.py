"""The places where a notebook can run, one module each; `grader.sandbox.backend_registry` finds them by name."""

from grader.sandbox.backends.bubblewrapped import BubblewrapSandbox
from grader.sandbox.backends.open_machine import OpenMachine

__all__ = ["BubblewrapSandbox", "OpenMachine"]
