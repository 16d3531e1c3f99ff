"""What `grader` offers in a notebook, for type checkers: `grader/__init__.py` fetches these when asked."""

from grader.notebook import check as check
from grader.notebook import hint as hint
from grader.notebook import solution as solution
from grader.notebook import use as use

__version__: str
