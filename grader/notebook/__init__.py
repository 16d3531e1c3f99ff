"""`grader.check(…)` in a student's own notebook: the public checks after each step, in the words of the grade.

It runs in the student's process, on any system and without a sandbox, and leaves their Keras unchanged. The stages are
those of grading: probe, border, rebuilt model, measurements, checks; the images are public ones.
"""

from __future__ import annotations

from grader.notebook.api import check, hint, solution, use
from grader.notebook.cell_output import Feedback
from grader.notebook.complaints import NotebookCheckError

__all__ = ["Feedback", "NotebookCheckError", "check", "hint", "solution", "use"]
