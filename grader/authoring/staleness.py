"""Tests whether the facts of a reference were made from its present source."""

from __future__ import annotations

import json
from pathlib import Path

from grader.domain.source_digest import source_digest


def is_stale(reference_id: str, facts_file: Path, *, module_folder: Path, shared_folder: Path) -> bool:
    """Return whether a reference was changed after its facts were made; comments and docstrings do not count.

    Facts without a digest (of an earlier version of the grader), files that cannot be read, and references whose
    module is not there are not stale: other checks report them.

    Args:
        reference_id: Id of the reference.
        facts_file: Its facts.
        module_folder: Where its module stands.
        shared_folder: Where modules stand that it imports from `reference` and that are not in `module_folder`.
    """

    def read(name: str) -> str | None:
        for folder in (module_folder, shared_folder):
            if (folder / f"{name}.py").is_file():
                return (folder / f"{name}.py").read_text("utf-8")
        return None

    module = reference_id.replace("-", "_")
    if not (module_folder / f"{module}.py").is_file():
        return False
    try:
        stated = json.loads(facts_file.read_bytes()).get("source_digest", "")
        return bool(stated) and stated != source_digest(module, read)
    except (ValueError, AttributeError, SyntaxError):
        return False
