"""Run by nbgrader's Python: what its own code says of the metadata of all notebooks in a folder, as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from nbgrader.nbgraderformat import read  # type: ignore[import-not-found]
from nbgrader.utils import compute_checksum, is_solution  # type: ignore[import-not-found]


def main(folder: Path) -> None:
    """Read every notebook as nbgrader does, and compare checksums where there are any."""
    mistakes = []
    paths = sorted(folder.glob("*.ipynb"))
    for path in paths:
        for cell in read(str(path), as_version=4).cells:
            written = cell.metadata.nbgrader.get("checksum")
            if written not in (None, compute_checksum(cell)):
                mistakes.append(f"{path.name}: {cell.id}")
        if not any(is_solution(cell) for cell in read(str(path), as_version=4).cells):
            mistakes.append(f"{path.name}: no cell for the student")
    sys.stdout.write(json.dumps({"notebooks": len(paths), "mistakes": mistakes}))


main(Path(sys.argv[1]))
