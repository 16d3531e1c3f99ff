"""Shell completion: ids of assignments and the values of options."""

from __future__ import annotations

from collections.abc import Callable


def assignments(incomplete: str) -> list[str]:
    """Return the ids of our assignments that begin with this text."""
    from grader.authoring.assignment_catalogue import assignment_ids

    return [name for name in assignment_ids() if name.startswith(incomplete)]


def chosen_from(*values: str) -> Callable[[str], list[str]]:
    """Return a completion over a few fixed values."""

    def complete(incomplete: str) -> list[str]:
        return [value for value in values if value.startswith(incomplete)]

    return complete
