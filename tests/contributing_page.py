"""What CONTRIBUTING.md shows as code."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = (Path(__file__).parent.parent / "CONTRIBUTING.md").read_text("utf-8")

(FIFTEEN_LINES,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
"""The check in fifteen lines."""
