"""The class as JUnit XML: a suite per student, a case per check, as continuous integration shows it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring  # written here, never read

from grader.domain.assignment import Assignment
from grader.domain.grade import CheckResult, Outcome
from grader.handback.feedback_text import points_text
from grader.handback.final_grades import FinalGrade
from grader.locale import Translator

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FAILED: Final = frozenset({Outcome.FAILED, Outcome.PARTIAL})
_NOT_JUDGED: Final = frozenset({Outcome.SKIPPED, Outcome.UNGRADABLE})


def junit_xml(standings: Sequence[FinalGrade], assignment: Assignment, translator: Translator) -> bytes:
    """Return the report. An undecided check is skipped there, never a failure."""
    root = Element("testsuites", name=_xml(assignment.title.get(translator.language) or assignment.assignment))
    for standing in standings:
        _suite(root, standing, assignment, translator)
    for name in ("tests", "failures", "skipped"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    indent(root)
    text = tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


# Private functions


def _suite(root: Element, standing: FinalGrade, assignment: Assignment, translator: Translator) -> None:
    results = standing.grade.results
    suite = SubElement(
        root,
        "testsuite",
        name=_xml(standing.student),
        tests=str(len(results)),
        failures=str(sum(result.outcome in _FAILED for result in results)),
        errors="0",
        skipped=str(sum(result.outcome in _NOT_JUDGED for result in results)),
        time=f"{standing.counted.wall_seconds:.3f}",
    )
    titles = {item.check: item.title for item in assignment.rubric}
    for result in results:
        title = titles.get(result.check, {}).get(translator.language) or result.check
        case = SubElement(suite, "testcase", classname=_xml(standing.student), name=_xml(title), time="0")
        _ending(case, result, translator)


def _ending(case: Element, result: CheckResult, translator: Translator) -> None:
    said = _xml(translator.text(result.message))
    if result.outcome in _NOT_JUDGED:
        SubElement(case, "skipped", message=said)
    elif result.outcome in _FAILED:
        points = f"{points_text(result.points_awarded, translator)}/{points_text(result.points_possible, translator)}"
        failure = SubElement(case, "failure", message=said, type=result.outcome.value)
        hints = [translator.text(finding.hint) for finding in result.findings]
        failure.text = _xml("\n".join([points, *hints]))


def _xml(text: str) -> str:
    """Replace what XML cannot hold."""
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)
