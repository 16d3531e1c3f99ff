"""Lists the visible files that are neither graded nor given to a notebook as its companions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Final

from grader.domain.text import shortened
from grader.intake.attributing import Attribution
from grader.intake.companions import is_nobodys
from grader.intake.listing import FileKind, Item
from grader.intake.settling import ChosenFile
from grader.intake.unpacking import Opener

_MADE_BY_PYTHON: Final = ".pyc"
_NAMED_EACH: Final = 20
_LONGEST_NAME: Final = 200


def passed_over(
    attribution: Attribution, settled: Sequence[ChosenFile], opener: Opener, laid: Collection[Item]
) -> tuple[str, ...]:
    """Return the names, in order: files, folders without a hand-in (they end in `/`), links and hidden notebooks.

    Of one owner as many as a person reads, so that nobody's heap of files hides what another handed in; `…` and a
    number stand for the rest.

    Args:
        attribution: Whose is what.
        settled: What counts; notebooks among which a person must choose are named there.
        opener: What is in students' zips.
        laid: Files that lie beside a notebook when it runs.
    """
    used = {item for one in settled for item in _used(one)} | set(laid)
    names: dict[str, set[str]] = {}
    for item in attribution.rest:
        names.setdefault(_outermost(item), set()).update([item.shown] if _is_named(item) else [])
    for name in attribution.empty:
        names.setdefault(name, set()).add(name)
    for one in attribution.belongings:
        mine = names.setdefault(one.owner.student, set())
        if one.item not in used and _is_named(one.item):
            mine.add(one.item.shown)
        elif one.item.kind is FileKind.ZIP and one.counts:
            mine.update(_inside(one.item, opener, used))
    return tuple(sorted(name for group in names.values() for name in _shortlist(sorted(group))))


# Private functions


def _outermost(item: Item) -> str:
    """Return the folder around a file without an owner, or the file itself."""
    return item.parts[0]


def _shortlist(names: Sequence[str]) -> list[str]:
    shown = [shortened(name, _LONGEST_NAME) for name in names[:_NAMED_EACH]]
    return [*shown, f"{shown[-1]}, … ({len(names) - _NAMED_EACH})"] if len(names) > _NAMED_EACH else shown


def _used(settled: ChosenFile) -> Iterator[Item]:
    """Yield what is graded, or waits for a person's choice, with the zips around it."""
    for hand_in in settled.hand_ins:
        if settled.chosen in (None, hand_in):
            yield hand_in.item
            if hand_in.zipped is not None:
                yield hand_in.zipped


def _inside(zipped: Item, opener: Opener, used: Collection[Item]) -> Iterator[str]:
    """Yield what lies in a zip that is used for something else in it."""
    found = opener.look_into(zipped)
    if found is None or not opener.opened(zipped).notebooks:
        return
    for item in found.items:
        if item not in used and _is_named(item):
            yield f"{zipped.shown}/{item.shown}"
    yield from (f"{zipped.shown}/{name}" for name in found.left_out)


def _is_named(item: Item) -> bool:
    """Leave out what platforms, operating systems and Python put there."""
    return not is_nobodys(item) and Path(item.filename).suffix.lower() != _MADE_BY_PYTHON
