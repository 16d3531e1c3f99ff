"""Group testing of right answers: several rewritings share one notebook.

If a notebook with five rewritings at once loses no points, all five are right; if it loses any, each of the five is
tried alone (Dorfman 1943). Only rewritings of different aspects share a notebook, so that none undoes another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from grader.validation.drafts import Draft
from grader.validation.operators import Equivalent
from grader.validation.style_equivalents import ASPECTS

JOINER: Final = "+"


@dataclass(frozen=True, slots=True)
class Pool:
    """Some rewritings in one notebook.

    Attributes:
        members: Those whose edits are in it.
        draft: The notebook with all of them.
    """

    members: tuple[Equivalent, ...]
    draft: Draft

    @property
    def name(self) -> str:
        """Its members' names."""
        return JOINER.join(one.name for one in self.members)


def pools(draft: Draft, chosen: Collection[str]) -> Iterator[Pool]:
    """Yield pools in which every rewriting occurs once.

    Args:
        draft: The solution, trained for two steps.
        chosen: Names of the rewritings that apply to the solution when they are alone.
    """
    by_aspect = [[one for one in aspect if one.name in chosen] for aspect in ASPECTS]
    for row in zip_longest(*by_aspect):
        wanted = [one for one in row if one is not None]
        together = _together(draft, wanted)
        yield together
        yield from (_together(draft, [one]) for one in wanted if one not in together.members)


def _together(draft: Draft, row: Sequence[Equivalent]) -> Pool:
    """Apply each on top of the previous ones, if it still finds something to edit."""
    members = []
    for one in row:
        edited = one.edit(draft)
        if edited is not None and edited != draft:
            members.append(one)
            draft = edited
    return Pool(tuple(members), draft)
