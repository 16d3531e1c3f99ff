"""`assignment.toml` becomes an `Assignment`, or one error that tells every mistake."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from grader.authoring.errors import AuthoringError
from grader.authoring.schema import LimitsTable
from grader.domain.assignment import Assignment, AssignmentError, DuePolicy, ImportPolicy, LetterBound, RubricItem
from grader.domain.grade import Grade, GradeStatus, scaled_grade
from grader.domain.run import Limits

EVERY_MISTAKE = """\
id = "Tiny one"
reference = "tyni"
extra = 1

[title]
es = "Pequeño"

[limits]
cell_seconds = 0
memory = 4096
processes = 1.5

[scale]
maximum = "five"
decimals = 9

[[rubric]]
check = "runs"
points = 0
title.es = "Corre"
title.en = " "

[[rubric]]
check = "runs"
points = nan
requires = ["modles", "shapes", "zzz"]
parameters = { tolerance = [0.1, 2], units = inf }
title = "Tamaño"

[[rubric]]
check = "shapes"
points = 1
requires = "runs"
weight = 3
title.es = "Formas"
title.en = "Shapes"

[[rubric]]
check = "models"
points = 1
requires = ["models"]
title.es = "Modelos"
title.en = "Models"

[text.es]
goal = "Meta"
hint = "Pista"

[text.en]
goal = ""
Other-key = "Other"
"""

EVERY_MISTAKE_TOLD = """\
The assignment tiny cannot be used. To be fixed:
  {file}:1: id: must be lower-case letters and digits, joined by hyphens.
  {file}:1: id: is Tiny one, but its folder is called tiny.
  {file}:2: reference: tyni has no facts file {facts}/tyni.json: calibrate it first, or did you mean tiny?
  {file}:3: extra: this key is unknown; known here: id, reference, title, limits, scale, due, imports, \
compat, rubric, question, text.
  {file}:5: title.en: this key is missing.
  {file}:9: limits.cell_seconds: must be greater than 0.0, found 0.
  {file}:10: limits.memory: this key is unknown; known here: cell_seconds, notebook_seconds, memory_mib, processes, \
file_mib, work_mib, output_mib.
  {file}:11: limits.processes: must be a whole number, found 1.5.
  {file}:14: scale.maximum: must be a finite number, found 'five'.
  {file}:15: scale.decimals: must be at most 4, found 9.
  {file}:19: rubric 1 (runs), points: must be greater than 0.0, found 0.
  {file}:21: rubric 1 (runs), title.en: must not be empty.
  {file}:24: rubric 2 (runs), check: this check is in the rubric already, at line 18.
  {file}:25: rubric 2 (runs), points: must be a finite number, found nan.
  {file}:26: rubric 2 (runs), requires: modles is not a check of this rubric; did you mean models?
  {file}:26: rubric 2 (runs), requires: shapes must stand before the check that requires it.
  {file}:26: rubric 2 (runs), requires: zzz is not a check of this rubric.
  {file}:27: rubric 2 (runs), parameters.tolerance: must be a text, a finite number, true, false or a list of texts, \
found [0.1, 2].
  {file}:27: rubric 2 (runs), parameters.units: must be a text, a finite number, true, false or a list of texts, \
found inf.
  {file}:28: rubric 2 (runs), title: must be a table, found 'Tamaño'.
  {file}:33: rubric 3 (shapes), requires: must be a list, found 'runs'.
  {file}:34: rubric 3 (shapes), weight: this key is unknown; known here: check, points, requires, parameters, title.
  {file}:41: rubric 4 (models), requires: models must stand before the check that requires it.
  {file}:47: text.es.hint: has no text in en.
  {file}:50: text.en.goal: must not be empty.
  {file}:51: text.en.Other-key: has no text in es.
  {file}:51: text.en.Other-key: must be lower-case letters, digits and _."""


def test_a_right_file_becomes_the_assignment_it_states(workspace) -> None:
    """Every field comes from the file; texts of `_base` are there; defaults of the domain fill the limits."""
    assignment = workspace.load()
    shared = {language: set(texts) for language, texts in assignment.texts.items()}
    assert {"goal", "your_code"} <= shared["es"] == shared["en"]
    assert dataclasses.replace(assignment, texts={}, rubric_hash="") == Assignment(
        assignment="tiny",
        reference="tiny",
        folder=workspace.toml.parent,
        title={"es": "Pequeño", "en": "Tiny"},
        rubric=(
            RubricItem("runs", 10.0, {}, (), {"es": "Corre", "en": "It runs"}),
            RubricItem(
                "code_size",
                2.5,
                {"tolerance": 0.001, "kinds": ("Dense",)},
                ("runs",),
                {"es": "Tamaño", "en": "Size"},
            ),
        ),
        limits=Limits(),
        texts={},
        scale_maximum=5.0,
        scale_decimals=1,
        rubric_hash="",
    )


def test_every_mistake_is_told_at_once_with_file_and_line(workspace) -> None:
    """One error lists wrong types, bounds, unknown and missing keys and broken rules, in the order of the lines."""
    workspace.toml.write_text(EVERY_MISTAKE, "utf-8")
    with pytest.raises(AssignmentError) as caught:
        workspace.load()
    assert str(caught.value) == EVERY_MISTAKE_TOLD.format(file=workspace.toml, facts=workspace.facts)


def test_an_empty_file_names_every_table_that_it_needs(workspace) -> None:
    """Missing tables are reported like any other missing key."""
    workspace.toml.write_text("rubric = []\n", "utf-8")
    with pytest.raises(AuthoringError) as caught:
        workspace.load()
    assert [(problem.key, problem.reason.msgid) for problem in caught.value.problems] == [
        ("id", "this key is missing."),
        ("reference", "this key is missing."),
        ("title", "this key is missing."),
        ("rubric", "must hold at least one entry."),
        ("text", "this key is missing."),
    ]


def test_shared_texts_are_held_to_the_same_rules(workspace) -> None:
    """A text that `_base` has in one language alone is reported with its own file and line."""
    shared = workspace.assignments / "_base" / "texts.toml"
    shared.write_text('[text.es]\nuno = "1"\n\n[text.en]\n', "utf-8")
    with pytest.raises(AssignmentError) as caught:
        workspace.load()
    expected = f"The assignment tiny cannot be used. To be fixed:\n  {shared}:2: text.es.uno: has no text in en."
    assert str(caught.value) == expected


def test_an_assignments_own_text_replaces_the_shared_one(workspace) -> None:
    """The same key in both files: the assignment's own words win, in that language."""
    workspace.edit("[text.es]\n", '[text.es]\nyour_code = "MÍO"\n')
    workspace.edit("[text.en]\n", '[text.en]\nyour_code = "MINE"\n')
    assignment = workspace.load()
    assert (assignment.texts["es"]["your_code"], assignment.texts["en"]["your_code"]) == ("MÍO", "MINE")


def test_limits_of_the_file_have_the_names_of_the_domain() -> None:
    """The schema and `Limits` cannot drift apart; what is the same for all notebooks is no limit of an assignment."""
    ours = {"idle_seconds", "skips_slow_cells"}
    names = [field.name for field in dataclasses.fields(Limits) if field.name not in ours]
    assert list(LimitsTable.model_fields) == names


def test_limits_that_are_stated_replace_the_defaults(workspace) -> None:
    """Stated limits count, the others keep the domain's defaults."""
    workspace.edit("[scale]", "[limits]\ncell_seconds = 60\n\n[scale]")
    assert workspace.load().limits == Limits(cell_seconds=60.0)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("points = 2.5", "points = 3"),
        ('check = "code_size"', 'check = "shapes"'),
        ("tolerance = 0.001", "tolerance = 0.01"),
        ('requires = ["runs"]', "requires = []"),
        ("[scale]", "[limits]\ncell_seconds = 60\n\n[scale]"),
    ],
)
def test_what_decides_points_changes_the_rubric_hash(workspace, old: str, new: str) -> None:
    """Points, checks, parameters, requirements and limits are signed."""
    before = workspace.load().rubric_hash
    workspace.edit(old, new)
    assert workspace.load().rubric_hash != before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('title.es = "Tamaño"', 'title.es = "Otro"'),
        ("maximum = 5.0", "maximum = 100"),
        ("Compress to", "Squeeze into"),
        ("points = 10\n", "points = 10.0\n"),
        ("[scale]", "[limits]\ncell_seconds = 900\n\n[scale]"),
    ],
)
def test_what_is_only_read_leaves_the_rubric_hash_alone(workspace, old: str, new: str) -> None:
    """Titles, texts, the scale, and other ways to write the same numbers do not make grades stale."""
    before = workspace.load().rubric_hash
    workspace.edit(old, new)
    assert workspace.load().rubric_hash == before


# Scale, due date, imports

SCALE = "[scale]\nmaximum = 5.0\ndecimals = 1\n"
DUE = "[due]\ndate = 2026-12-01T23:59:00-05:00\nlate_percent_per_day = 10\n\n[scale]"
IMPORTS_CHECK = '[[rubric]]\ncheck = "imports"\npoints = 1\ntitle.es = "Módulos"\ntitle.en = "Modules"\n\n[text.es]'
WRONG_POLICIES = """\
[scale]
kind = "A-F"
decimals = -1
letters = { A = 90, B = 90, " " = 5, D = "60" }

[due]
date = 2026-12-01T23:59:00
grace_minutes = -1
late_percent_per_day = 101
late_percent_maximum = nan
refuse_after_days = 1.5
penalty = 3

[imports]
allow = ["numpy", 3, "", "not a module"]
forbid = ["json", "IPython.display", "torch"]
"""
WRONG_POLICIES_TOLD = """\
The assignment tiny cannot be used. To be fixed:
  {file}:9: scale.kind: must be one of '0-5', '0-10', '0-20', '0-100', '1-5', '1-7' or \
'letters', found 'A-F'.
  {file}:10: scale.decimals: must be at least 0, found -1.
  {file}:11: scale.letters.D: must be a finite number, found '60'.
  {file}:11: scale.letters: only a scale of the kind “letters” has letters.
  {file}:11: scale.letters.B: begins where A begins; a percentage earns one letter.
  {file}:11: scale.letters: a letter must not be empty.
  {file}:11: scale.letters: one letter must begin at 0, so that every grade has one.
  {file}:14: due.date: must be a date and time with its time zone, such as 2026-12-01T23:59:00-05:00, found \
2026-12-01T23:59:00.
  {file}:15: due.grace_minutes: must be at least 0, found -1.
  {file}:16: due.late_percent_per_day: must be at most 100.0, found 101.
  {file}:17: due.late_percent_maximum: must be a finite number, found nan.
  {file}:18: due.refuse_after_days: must be a whole number, found 1.5.
  {file}:19: due.penalty: this key is unknown; known here: date, grace_minutes, late_percent_per_day, \
late_percent_maximum, refuse_after_days.
  {file}:21: imports: needs either “allow” or “forbid”, and not both.
  {file}:21: imports: decides nothing: the rubric has no check “imports”.
  {file}:22: imports.allow.2: must be a text in quotes, found 3.
  {file}:22: imports.allow.3: must not be empty.
  {file}:22: imports.allow.4: 'not a module' is no name of a module.
  {file}:23: imports.forbid.1: json is always allowed and cannot be forbidden.
  {file}:23: imports.forbid.2: IPython.display is always allowed and cannot be forbidden."""


def test_mistakes_of_scale_due_date_and_imports_are_told_together(workspace) -> None:
    """Types, bounds and the rules between keys, each with the line of its key."""
    workspace.edit(SCALE, WRONG_POLICIES)
    with pytest.raises(AssignmentError) as caught:
        workspace.load()
    assert str(caught.value) == WRONG_POLICIES_TOLD.format(file=workspace.toml)


@pytest.mark.parametrize(
    ("stated", "maximum", "decimals"),
    [
        ("", 5.0, 1),
        ("[scale]\n", 5.0, 1),
        ('[scale]\nkind = "0-5"\n', 5.0, 1),
        ('[scale]\nkind = "0-10"\n', 10.0, 1),
        ('[scale]\nkind = "0-100"\n', 100.0, 0),
        ('[scale]\nkind = "0-100"\ndecimals = 2\n', 100.0, 2),
        ("[scale]\nmaximum = 20\n", 20.0, 1),
        ('[scale]\nkind = "0-20"\n', 20.0, 0),
        ("[scale]\nmaximum = 4.25\ndecimals = 2\n", 4.25, 2),
    ],
)
def test_a_scale_has_sensible_defaults(workspace, stated: str, maximum: float, decimals: int) -> None:
    """Colombia's where nothing is said; a kind brings its decimals; an own maximum is an own scale."""
    workspace.edit(SCALE, stated)
    assignment = workspace.load()
    assert (assignment.scale_maximum, assignment.scale_decimals, assignment.scale_letters) == (maximum, decimals, ())


@pytest.mark.parametrize(
    ("stated", "minimum", "grade"),
    [
        ('kind = "1-7"', 1.0, "6.0"),
        ('kind = "1-5"', 1.0, "4.3"),
        ("minimum = 2\nmaximum = 10\ndecimals = 2", 2.0, "8.60"),
    ],
)
def test_a_scale_may_begin_above_zero(workspace, stated: str, minimum: float, grade: str) -> None:
    """82.5 of 100 points on the scales of Chile and of one's own: the minimum, and the share of what lies above it."""
    workspace.edit(SCALE, f"[scale]\n{stated}\n")
    assignment = workspace.load()
    assert assignment.scale_minimum == minimum
    earned = Grade(82.5, 100.0, GradeStatus.FINAL, ())
    scale = (assignment.scale_maximum, assignment.scale_decimals)
    assert str(scaled_grade(earned, *scale, minimum=assignment.scale_minimum)) == grade
    nothing = Grade(0.0, 100.0, GradeStatus.FINAL, ())
    assert float(scaled_grade(nothing, *scale, minimum=minimum)) == minimum


@pytest.mark.parametrize(
    ("stated", "letters"),
    [
        ("", (("A", 90.0), ("B", 80.0), ("C", 70.0), ("D", 60.0), ("F", 0.0))),
        ("letters = { Reprobado = 0, Aprobado = 60 }\n", (("Aprobado", 60.0), ("Reprobado", 0.0))),
    ],
)
def test_a_scale_of_letters_goes_to_a_hundred(workspace, stated: str, letters: tuple[tuple[str, float], ...]) -> None:
    """The usual five, or the assignment's own ones instead, the best first."""
    workspace.edit(SCALE, f'[scale]\nkind = "letters"\n{stated}')
    assignment = workspace.load()
    assert (assignment.scale_maximum, assignment.scale_decimals) == (100.0, 0)
    assert assignment.scale_letters == tuple(LetterBound(letter, percent) for letter, percent in letters)


@pytest.mark.parametrize(
    ("stated", "reported"),
    [
        ('kind = "0-5"\nmaximum = 5', "a scale of a known kind has its own maximum; leave out one of the two."),
        ("maximum = 4.25", "4.25 needs more decimals than 1."),
    ],
)
def test_a_scale_that_contradicts_itself_is_told(workspace, stated: str, reported: str) -> None:
    """Two maxima, and a maximum that no grade could be written with."""
    workspace.edit(SCALE, f"[scale]\n{stated}\n")
    with pytest.raises(AuthoringError) as caught:
        workspace.load()
    assert str(caught.value).endswith(f"scale.maximum: {reported}")


def test_due_date_and_import_policy_become_frozen_values(workspace) -> None:
    """Every key is taken over; what is left out keeps the default of the domain."""
    workspace.edit("[scale]", DUE)
    workspace.edit("[scale]", '[imports]\nallow = ["numpy", "keras.datasets"]\n\n[scale]')
    workspace.edit("[text.es]", IMPORTS_CHECK)
    assignment = workspace.load()
    date = datetime(2026, 12, 1, 23, 59, tzinfo=timezone(timedelta(hours=-5)))
    assert assignment.due == DuePolicy(date, late_percent_per_day=10.0)
    assert assignment.imports == ImportPolicy(allow=("numpy", "keras.datasets"))
    assert assignment.due.date == datetime(2026, 12, 2, 4, 59, tzinfo=UTC)


def test_the_check_for_imports_needs_a_policy(workspace) -> None:
    """Without one it would give points for nothing."""
    workspace.edit("[text.es]", IMPORTS_CHECK)
    with pytest.raises(AuthoringError) as caught:
        workspace.load()
    assert str(caught.value).endswith(
        "rubric 3 (imports), check: this check needs a table [imports] that says what is allowed."
    )


def test_the_rubric_hash_of_an_assignment_without_policies_is_what_it_was(workspace) -> None:
    """Grades that were stored before due dates and import policies existed stay valid."""
    assignment = workspace.load()
    facts = hashlib.sha256((workspace.facts / "tiny.json").read_bytes()).hexdigest()
    decisive = {
        "schema": 1,
        "reference": "tiny",
        "facts": facts,
        "limits": dataclasses.asdict(Limits()),
        "rubric": [
            {"check": "runs", "points": 10.0, "parameters": {}, "requires": []},
            {
                "check": "code_size",
                "points": 2.5,
                "parameters": {"tolerance": 0.001, "kinds": ["Dense"]},
                "requires": ["runs"],
            },
        ],
    }
    text = json.dumps(decisive, sort_keys=True, separators=(",", ":"))
    assert assignment.rubric_hash == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('allow = ["numpy"]', 'allow = ["numpy", "scipy"]'),
        ('allow = ["numpy"]', 'forbid = ["numpy"]'),
    ],
)
def test_a_policy_of_imports_changes_the_rubric_hash(workspace, old: str, new: str) -> None:
    """What may be imported decides points."""
    workspace.edit("[text.es]", IMPORTS_CHECK)
    workspace.edit("[scale]", '[imports]\nallow = ["numpy"]\n\n[scale]')
    before = workspace.load().rubric_hash
    workspace.edit(old, new)
    assert workspace.load().rubric_hash != before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("late_percent_per_day = 10", "late_percent_per_day = 5"),
        ("2026-12-01T23:59:00-05:00", "2026-12-02T23:59:00-05:00"),
        ("late_percent_per_day = 10", "late_percent_per_day = 10\nrefuse_after_days = 3"),
        (DUE, "[scale]"),
    ],
)
def test_a_due_date_leaves_the_rubric_hash_alone(workspace, old: str, new: str) -> None:
    """Lateness is taken off at the very end, so that nobody's notebook runs again for a later date."""
    workspace.edit("[scale]", DUE)
    before = workspace.load().rubric_hash
    workspace.edit(old, new)
    assert workspace.load().rubric_hash == before


def test_new_facts_change_the_rubric_hash(workspace) -> None:
    """Facts hold the thresholds, so grades made under older ones are not reused."""
    before = workspace.load().rubric_hash
    with (workspace.facts / "tiny.json").open("a") as file:
        file.write("\n")
    assert workspace.load().rubric_hash != before


def test_the_error_survives_the_way_between_processes(workspace) -> None:
    """It can be rebuilt from its arguments, which is how a worker process hands it to its parent."""
    workspace.edit('id = "tiny"', 'id = "other"')
    with pytest.raises(AuthoringError) as caught:
        workspace.load()
    copied = copy.copy(caught.value)
    place = f"{workspace.toml}:1: id: is other, but its folder is called tiny."
    assert str(copied) == f"The assignment tiny cannot be used. To be fixed:\n  {place}"
    assert copied.problems == caught.value.problems


def only_spanish(workspace) -> None:
    """Take every English line out of the small assignment."""
    lines = [
        line
        for line in workspace.toml.read_text("utf-8").splitlines()
        if ".en = " not in line and not line.startswith("en = ")
    ]
    text = "\n".join(lines)
    start = text.index("[text.en]")
    workspace.toml.write_text(text[:start], "utf-8")


def test_one_language_is_enough_for_an_author(workspace) -> None:
    """Titles and texts in Spanish alone; what half of it lacks would be reported."""
    only_spanish(workspace)
    assignment = workspace.load()
    assert (assignment.languages, assignment.title) == (("es",), {"es": "Pequeño"})
    assert assignment.rubric[0].title == {"es": "Corre"}
    workspace.edit('title.es = "Corre"', 'title.es = "Corre"\ntitle.en = "It runs"')
    with pytest.raises(AuthoringError) as caught:
        workspace.load()
    reported = [line.partition(": ")[2] for line in str(caught.value).splitlines()[1:]]
    assert reported == [
        "title.en: this key is missing.",
        "rubric 2 (code_size), title.en: this key is missing.",
        "text.es.goal: has no text in en.",
    ]
