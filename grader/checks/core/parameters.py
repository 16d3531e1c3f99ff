"""Settings of a check that an assignment may change in its rubric."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final, Generic, TypeVar, cast

from grader.domain.assignment import ParameterValue, RubricItem
from grader.domain.messages import Message, message

Value_co = TypeVar("Value_co", bound=ParameterValue, covariant=True)


@dataclass(frozen=True, slots=True)
class Parameter(Generic[Value_co]):
    """One setting.

    Attributes:
        name: Its key in the rubric.
        default: Value if the rubric does not set it; its type is the required type.
        meaning: What it does, for authors of assignments.
        pattern: Regular expression that a text must match as a whole, or "".
        maximum: Largest number allowed; the smallest is 0.
    """

    name: str
    default: Value_co
    meaning: Message
    pattern: str = ""
    maximum: float = math.inf

    def of(self, item: RubricItem) -> Value_co:
        """Return the value for this rubric item.

        Raises:
            ValueError: The rubric's value has another type or form.
        """
        value = item.parameters.get(self.name, self.default)
        if not self.accepts(value):
            raise ValueError(f"parameter {self.name} = {value!r} should look like {self.default!r}")
        return cast("Value_co", value)

    def accepts(self, value: ParameterValue) -> bool:
        """Return whether a rubric may contain `value`; a whole number is accepted for a decimal one."""
        default: ParameterValue = self.default
        if isinstance(default, bool) or isinstance(value, bool):
            return isinstance(default, bool) and isinstance(value, bool)
        if isinstance(default, (int, float)):
            return isinstance(value, (int, float)) and 0 <= value <= self.maximum
        if isinstance(default, str):
            return isinstance(value, str) and re.fullmatch(self.pattern or ".*", value) is not None
        return isinstance(value, tuple)

    def complaint(self, value: ParameterValue) -> Message:
        """Return a sentence for the author of a rubric on what is wrong with `value`."""
        return message(
            "{value} stands where something like {example} belongs: {meaning}",
            value=repr(value),
            example=repr(self.default),
            meaning=self.meaning,
        )


TEST_IMAGES_COST: Final = Parameter(
    "test_images_cost", 2.0, message("points that it costs to train on the test images alone; a person decides")
)
"""Check ids that judge reconstruction quality; a penalty is taken from the first of them with points left."""
