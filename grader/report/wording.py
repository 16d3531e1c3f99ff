"""Words and numbers of every report: enumerations to sentences, values to localised numbers.

Everything a reader sees goes through a `Wording`, so that nothing is shown untranslated or uncleaned.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from grader.domain.grade import GradeStatus, Outcome
from grader.domain.measurement import Measurement, Quantity
from grader.domain.messages import Message, MessageValue, message
from grader.domain.run import RunStatus, StoppedBy
from grader.domain.units import UNIT_WORDS, Unit
from grader.locale import Translator
from grader.report import hygiene

_OUTCOMES: Final[Mapping[Outcome, Message]] = {
    Outcome.PASSED: message("Met"),
    Outcome.PARTIAL: message("Partly met"),
    Outcome.FAILED: message("Not met"),
    Outcome.SKIPPED: message("Skipped"),
    Outcome.UNGRADABLE: message("Waits for a person"),
}

_STATUSES: Final[Mapping[GradeStatus, Message]] = {
    GradeStatus.FINAL: message("Final"),
    GradeStatus.NEEDS_REVIEW: message("Needs review"),
    GradeStatus.EXCUSED: message("Excused"),
}

RUN_ENDS: Final[Mapping[RunStatus, Message]] = {
    RunStatus.COMPLETED: message("Every cell ran without an error."),
    RunStatus.RAISED: message("At least one cell ended with an error; the cells after it were still run."),
    RunStatus.TIMED_OUT: message("The run was stopped because it took too long."),
    RunStatus.KILLED: message("The notebook's process ended before its last cell."),
    RunStatus.UNAVAILABLE: message("The grader could not run this notebook. That is no fault of the notebook."),
}

_STOPPERS: Final[Mapping[StoppedBy, Message]] = {
    StoppedBy.CELL_TIME: message("A single cell passed its time limit."),
    StoppedBy.NOTEBOOK_TIME: message("The notebook as a whole passed its time limit."),
    StoppedBy.IDLE: message("A cell only waited, for a minute, and was ended."),
    StoppedBy.MEMORY: message("It used more memory than is allowed."),
    StoppedBy.DISK: message("It wrote more to disk than is allowed."),
    StoppedBy.OWN_EXIT: message("The notebook ended its own process."),
    StoppedBy.SIGNAL: message("The process was ended by a signal."),
    StoppedBy.SANDBOX: message("The sandbox stopped working."),
}

_SUPERSCRIPTS: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SMALLEST_PLAIN: Final = 1e-5
_LARGEST_PLAIN: Final = 1e6
_POINT_DECIMALS: Final = 2
_TICK_DECIMALS: Final = 6
_LONG_COUNT: Final = 10_000
_THIN_SPACE: Final = "\u202f"


@dataclass(frozen=True, slots=True)
class Wording:
    """Turns values into clean text in one language.

    Attributes:
        translator: The language's catalogue and number format.
    """

    translator: Translator

    @property
    def language(self) -> str:
        """Code of the language, for the `lang` attribute."""
        return self.translator.language

    def say(self, sentence: Message) -> str:
        """Return the translated sentence, with everything in it that a student controls made harmless."""
        return hygiene.many_lines(self.translator.text(hygiene.harmless(sentence)), 2 * hygiene.BLOCK_LIMIT)

    def t(self, msgid: str, /, **values: MessageValue) -> str:
        """Translate a sentence of a template; Babel extracts the literal first argument."""
        return self.say(message(msgid, **values))

    def pick(self, texts: Mapping[str, str]) -> str:
        """Return the text in the language, else in English or any other, "" if there is none."""
        return hygiene.one_line(self.pick_lines(texts))

    def pick_lines(self, texts: Mapping[str, str]) -> str:
        """Return the same with its lines and in full length; the caller makes it harmless."""
        return texts.get(self.language) or texts.get("en") or next(iter(texts.values()), "")

    def outcome(self, outcome: Outcome) -> str:
        """Return the word for an outcome of a check."""
        return self.say(_OUTCOMES[outcome])

    def status(self, status: GradeStatus) -> str:
        """Return the word for the status of a grade."""
        return self.say(_STATUSES[status])

    def run(self, status: RunStatus) -> str:
        """Return the sentence for how a run ended."""
        return self.say(RUN_ENDS[status])

    def stopper(self, stopped_by: StoppedBy) -> str:
        """Return the sentence for what ended a run early, "" if nothing did."""
        return "" if stopped_by is StoppedBy.NOTHING else self.say(_STOPPERS[stopped_by])

    def quantity(self, quantity: Quantity) -> str:
        """Return the name of a measured quantity."""
        return self.say(quantity.spec.label)

    def number(self, value: float, digits: int) -> str:
        """Return the number with this many decimals."""
        return self.translator.number(value, digits)

    def points(self, value: float) -> str:
        """Return points with as many decimals as they need, two at most."""
        return self.number(round(value, _POINT_DECIMALS), _decimals_needed(value, _POINT_DECIMALS))

    def ticks(self, values: Sequence[float]) -> list[str]:
        """Return the numbers of an axis, all with as many decimals as the longest of them needs."""
        digits = max((_decimals_needed(value, _TICK_DECIMALS) for value in values), default=0)
        return [self.number(value, digits) for value in values]

    def count(self, value: int) -> str:
        """Return a whole number; thin spaces separate thousands, since the comma is the decimal mark in Spanish."""
        digits = f"{value:,}" if abs(value) >= _LONG_COUNT else str(value)
        return digits.replace(",", _THIN_SPACE)

    def figure(self, value: float) -> str:
        """Return a measured number with three significant digits, as a power of ten if it has too many zeros."""
        if value == 0:
            return self.number(0, 0)
        if not _SMALLEST_PLAIN <= abs(value) < _LARGEST_PLAIN:
            exponent = _exponent(value)
            power = str(exponent).translate(_SUPERSCRIPTS)
            return f"{self.number(value / 10**exponent, 1)} × 10{power}"
        return self.number(value, max(0, 2 - _exponent(value)))

    def spread(self, mean: float, deviation: float) -> str:
        """Return `mean ± deviation`, both with the decimals of the mean."""
        digits = max(0, 2 - _exponent(mean)) if mean else 2
        return f"{self.number(mean, digits)} ± {self.number(deviation, digits)}"

    def measured(self, measurement: Measurement) -> str:
        """Return value and unit of a measurement, both in the language; whole pure numbers without decimals."""
        unit = Unit(measurement.unit)
        if unit is Unit.PURE:
            whole = float(measurement.value).is_integer()
            return self.number(measurement.value, 0) if whole else self.figure(measurement.value)
        return f"{self.figure(measurement.value)} {self.say(UNIT_WORDS[unit])}"


def _exponent(value: float) -> int:
    """Return the power of ten of the first digit of a number that is not 0."""
    return math.floor(math.log10(abs(value)))


def _decimals_needed(value: float, most: int) -> int:
    rounded = round(value, most)
    return next(digits for digits in range(most + 1) if round(rounded, digits) == rounded)
