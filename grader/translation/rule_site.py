"""What every translation rule needs: the code at one place, what its names refer to, and a record of findings."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import libcst as cst
from libcst.metadata import CodeRange

from grader.domain.messages import Message, message
from grader.domain.outdated import Translation
from grader.translation.names import BoundNames, Meaning

SHOWN = 160
"""Most characters of a piece of code in a report."""

_EMPTY = cst.Module([])


@dataclass(slots=True)
class Survey:
    """What is known about the whole notebook, and the findings in it.

    Attributes:
        names: What its names stand for.
        keras_1: It has arguments that only Keras 1 took.
        texts: Old file name → one that Keras takes, where every place that names the file can be changed.
        metrics: Texts given as `metrics=`, so that `acc` is known from `accuracy`.
        own: Functions and methods that it defines itself.
        used: Names that it reads.
        members: Names after a dot, by the name before it.
        sequential: Names of Sequential models.
        found: What was found, in order of finding.
    """

    names: BoundNames
    keras_1: bool = False
    texts: dict[str, str] = field(default_factory=dict)
    metrics: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()
    used: frozenset[str] = frozenset()
    members: Mapping[str, frozenset[str]] = field(default_factory=dict)
    sequential: frozenset[str] = frozenset()
    found: list[Translation] = field(default_factory=list)


@dataclass(slots=True)
class RuleSite:
    """A cell that is being read.

    Attributes:
        survey: The notebook.
        cell: Its number, from 0.
        needs_keras: A translation wrote `_keras`, which the cell must import.
        as_written: A call with everything inside it translated, and as the notebook has it.
    """

    survey: Survey
    cell: int
    needs_keras: bool = False
    as_written: tuple[str, str] = ("", "")

    def meaning(self, node: cst.BaseExpression, line: int) -> Meaning | None:
        """Return what a name or a chain of attributes refers to."""
        dotted = dotted_name(node)
        return None if dotted is None else self.survey.names.meaning(dotted, self.cell, line)

    def keras(self) -> str:
        """Return how this cell may write `keras`; if it has no name for it, one is imported."""
        names = self.survey.names
        if known := names.spelled("keras", self.cell):
            return known
        if known := names.spelled("tensorflow", self.cell):
            return f"{known}.keras"
        self.needs_keras = True
        return "_keras"

    def note(
        self,
        line: int,
        before: str,
        after: str,
        *,
        why: Message | None = None,
        signs: Sequence[str] = (),
        far: bool = False,
    ) -> None:
        """Record a finding; the default for `why` is the sentence of a plain renaming."""
        before = self.as_written[1] if before == self.as_written[0] else before
        said = message(
            "The current version no longer takes `{before}`: write `{after}`.", before=short(before), after=short(after)
        )
        found = Translation(
            self.cell,
            line,
            short(before),
            short(after),
            why or said,
            applied=True,
            signs=_lower(signs),
            far=far,
        )
        self.survey.found.append(found)

    def advise(
        self, line: int, before: str, why: Message, *, signs: Sequence[str] = (), far: bool = False, after: str = ""
    ) -> None:
        """Record old code that is left as it is, because no replacement surely means the same."""
        found = Translation(
            self.cell,
            line,
            short(before),
            short(after),
            why,
            signs=_lower(signs),
            far=far,
        )
        self.survey.found.append(found)


def _lower(signs: Sequence[str]) -> tuple[str, ...]:
    return tuple(sign.lower() for sign in signs)


def dotted_name(node: cst.BaseExpression) -> str | None:
    """Return `a.b.c` for a name or a chain of attributes of one, else None."""
    parts: list[str] = []
    while isinstance(node, cst.Attribute):
        parts.append(node.attr.value)
        node = node.value
    return ".".join([node.value, *reversed(parts)]) if isinstance(node, cst.Name) else None


def code(node: cst.CSTNode) -> str:
    """Return the code of a node."""
    return _EMPTY.code_for_node(node)


def short(text: str) -> str:
    """Put code on one line, cut to the length in a report."""
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else line[: SHOWN - 1] + "…"


def keyword(call: cst.Call, name: str) -> cst.Arg | None:
    """Return the argument of this name, or None."""
    return next((arg for arg in call.args if arg.keyword is not None and arg.keyword.value == name), None)


def positional(call: cst.Call) -> list[cst.Arg] | None:
    """Return the arguments without a name; None if `*some` makes their number unknown."""
    if any(arg.star == "*" for arg in call.args):
        return None
    return [arg for arg in call.args if arg.keyword is None and not arg.star]


def with_name(arg: cst.Arg, name: str) -> cst.Arg:
    """Return an argument by name, written without spaces around `=`."""
    equal = (
        arg.equal if arg.keyword is not None else cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
    )
    return arg.with_changes(keyword=cst.Name(name), equal=equal)


def without(call: cst.Call, dropped: Collection[cst.Arg]) -> cst.Call:
    """Return the call without some arguments."""
    kept = [arg for arg in call.args if arg not in dropped]
    if kept and len(kept) < len(call.args):
        kept[-1] = kept[-1].with_changes(comma=call.args[-1].comma)
    return call.with_changes(args=kept)


def text_of(node: cst.BaseExpression) -> str | None:
    """Return the value of a plain text, else None."""
    if isinstance(node, cst.SimpleString) and "b" not in node.prefix.lower():
        value = node.evaluated_value
        return value if isinstance(value, str) else None
    return None


def line_of(position: CodeRange) -> int:
    """Return the first line of a node."""
    line: int = position.start.line
    return line
