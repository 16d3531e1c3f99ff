"""Groups findings and errors that say the same at several places, so that each is shown once with all places."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from grader.domain.grade import Finding
from grader.domain.messages import Message
from grader.domain.run import CellError
from grader.report.wording import Wording

_SIGN = " · "


def grouped_findings(findings: Sequence[Finding]) -> list[tuple[Finding, tuple[Finding, ...]]]:
    """Return each kind of finding with all of that kind, in their original order.

    Of one kind are those that expect the same for the same reason and give the same hint; what was found may differ.
    """
    kinds: dict[tuple[Message, Message, Message], list[Finding]] = {}
    for one in findings:
        kinds.setdefault((one.expected, one.why, one.hint), []).append(one)
    return [(found[0], tuple(found)) for found in kinds.values()]


def grouped_errors(errors: Sequence[CellError]) -> list[tuple[CellError, ...]]:
    """Return the errors that differ only in their cells, in their original order."""
    kinds: dict[tuple[str, str, str], list[CellError]] = {}
    for one in errors:
        kinds.setdefault((one.name, one.line, one.text), []).append(one)
    return [tuple(found) for found in kinds.values()]


def said_once(sentences: Iterable[Message], wording: Wording) -> str:
    """Return several sentences after each other, each once."""
    said = dict.fromkeys(wording.say(one) for one in sentences)
    return _SIGN.join(one for one in said if one)
