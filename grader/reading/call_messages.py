"""Calls and their results as lines of JSON: the function, its arguments, its result or error.

The types are those of the function's annotations, so that a value is the same after decoding. Nothing is unpickled, and
only functions of this package can be named.
"""

from __future__ import annotations

import importlib
import json
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from pydantic import TypeAdapter

from grader.domain.evidence import RejectedClaimsError
from grader.domain.messages import Message
from grader.domain.submission import UnreadableSubmissionError
from grader.reading.failures import ReadingFailedError

_OURS: Final = ["grader."]
"""Prefixes of the modules whose functions may be called."""

_MESSAGE: TypeAdapter[Message] = TypeAdapter(Message)


@dataclass(frozen=True, slots=True)
class Call:
    """A function of ours and its arguments.

    Attributes:
        function: As `module:name`.
        arguments: Plain data, in the order of its parameters.
        cpu_seconds: Limit of processor time.
    """

    function: str
    arguments: tuple[Any, ...]
    cpu_seconds: int


class ForeignFunctionError(ValueError):
    """The named function is not one of ours."""


def call_line(function: Callable[..., Any], arguments: Sequence[object], cpu_seconds: int) -> str:
    """Return a call as one line."""
    adapters, _ = _signature(function)
    plain = [adapter.dump_python(value, mode="json") for adapter, value in zip(adapters, arguments, strict=True)]
    named = f"{function.__module__}:{function.__qualname__}"
    return json.dumps({"function": named, "arguments": plain, "cpu_seconds": cpu_seconds})


def call_of(line: str) -> Call:
    """Return the call that a line holds."""
    data = json.loads(line)
    return Call(data["function"], tuple(data["arguments"]), data["cpu_seconds"])


def answer_to(call: Call) -> str:
    """Carry out a call and return its result as one line; a refusal by the function is a result as well.

    Raises:
        MemoryError: It needs more memory than this process may have.
        Exception: It failed: whatever else the function raises.
    """
    function = _named(call.function)
    adapters, returned = _signature(function)
    values = [adapter.validate_python(value) for adapter, value in zip(adapters, call.arguments, strict=True)]
    try:
        result = function(*values)
    except UnreadableSubmissionError as refused:
        return json.dumps({"unreadable": _MESSAGE.dump_python(refused.reason, mode="json")})
    except RejectedClaimsError as refused:
        return json.dumps({"rejected": [refused.where, refused.problem]})
    return json.dumps({"value": returned.dump_python(result, mode="json")})


def result_of(function: Callable[..., Any], line: str) -> Any:  # noqa: ANN401 - of the type that the function returns
    """Return the result that a line holds.

    Raises:
        UnreadableSubmissionError: The function raised it.
        RejectedClaimsError: The function raised it.
        ReadingFailedError: The function broke.
    """
    data = json.loads(line)
    if "unreadable" in data:
        raise UnreadableSubmissionError(_MESSAGE.validate_python(data["unreadable"]))
    if "rejected" in data:
        raise RejectedClaimsError(*data["rejected"])
    if "value" not in data:
        raise ReadingFailedError(str(data.get("failed", "")))
    return _signature(function)[1].validate_python(data["value"])


# Private functions


def _named(name: str) -> Callable[..., Any]:
    module, _, function = name.partition(":")
    if not module.startswith(tuple(_OURS)) or not function.isidentifier():
        raise ForeignFunctionError(name)
    found = getattr(importlib.import_module(module), function)
    if getattr(found, "__module__", None) != module or not callable(found):
        raise ForeignFunctionError(name)
    return typing.cast("Callable[..., Any]", found)


@cache
def _signature(function: Callable[..., Any]) -> tuple[tuple[TypeAdapter[Any], ...], TypeAdapter[Any]]:
    """Return what converts a function's arguments, and its result, to plain data and back."""
    hints = dict(typing.get_type_hints(function))
    returned = hints.pop("return")
    return tuple(TypeAdapter(hint) for hint in hints.values()), TypeAdapter(returned)
