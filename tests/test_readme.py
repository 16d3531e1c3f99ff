"""Every command and every number of the README and of the pages in `docs/` is true."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from grader.authoring.assignment_catalogue import facts_ids, load_assignment, load_facts
from grader.cli.app import app
from grader.domain.facts import Baseline
from grader.domain.measurement import Quantity
from grader.validation.rubrics import MUTANTS
from grader.validation.style_equivalents import EQUIVALENTS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md"))}
ALL = "\n".join((README, *PAGES.values()))
LINES = ALL.splitlines()
COMMANDS = list(
    dict.fromkeys(
        line for block in re.findall(r"```console\n(.*?)```", ALL, re.DOTALL) for line in block.splitlines() if line
    )
)
LINKS = [
    (name, target)
    for name, text in {"README.md": README, **{f"docs/{name}": text for name, text in PAGES.items()}}.items()
    for target in re.findall(r"\]\(([^)#:]+)\)", text) + re.findall(r'src="([^":]+)"', text)
]
GENERATED = {"checks", "commands", "formats", "gallery", "notebooks"}
"""Pages that `make site` makes."""
SCREEN = 64
"""Lines of the README."""


def facts_row(size: str) -> str:
    """The README's table row of a data size, made from the facts file."""
    data = load_facts("stacked").calibrated[size]
    known = data.statistics[Quantity.RECONSTRUCTION_MSE]
    worst = max(
        record.values[Quantity.RECONSTRUCTION_MSE]
        for record in data.records
        if record.variation not in {"reference", "short"}
    )
    return (
        f"| {size} | {known.mean:.4f} ± {known.deviation:.4f} | {worst:.4f} | {known.curves[0].full:.4f} "
        f"| {known.baselines[Baseline.PCA]:.4f} | {known.baselines[Baseline.MEAN]:.4f} |"
    )


@pytest.mark.parametrize("size", ["full", "sample"])
def test_the_table_of_facts_says_what_the_facts_file_says(size):
    """Numbers are copied from `reference/facts/stacked.json`, never typed."""
    assert facts_row(size) in LINES


@pytest.mark.parametrize("name", PAGES)
def test_every_row_of_a_table_has_the_cells_of_its_heading(name):
    """A bar within a cell is escaped, else everything after it stands in the wrong column."""
    tables = re.findall(r"(?:^\|.*\n)+", PAGES[name], re.MULTILINE)
    cells = [{len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()} for table in tables]
    assert [found for found in cells if len(found) > 1] == []


@pytest.mark.parametrize("reference", facts_ids())
def test_the_table_of_references_says_what_the_facts_say(reference):
    """Parameters, published and reached figures come from `reference/facts/<id>.json`."""
    facts = load_facts(reference)
    parameters = "–" if facts.parameters is None else f"{facts.parameters:,}"
    cells = [text.replace("|", "\\|") for text in (parameters, facts.published or "–", facts.reached)]
    assert f"| `{reference}` | {' | '.join(cells)} |" in LINES


def test_the_share_of_honest_runs_with_full_credit_is_that_of_the_facts():
    """At least 99 %, counted over every number that is judged."""
    judged = [
        known
        for reference in facts_ids()
        for _, data in load_facts(reference).all_calibrated()
        for known in data.statistics.values()
        if known.curves
    ]
    full, runs = (sum(getattr(known, name) for known in judged) for name in ("honest_full", "honest_runs"))
    assert f"Over all references {full:,} of {runs:,} numbers from honest runs\nhave full credit." in ALL
    assert full >= 0.99 * runs


def test_ten_seeds_stand_behind_each_row():
    """The README says so."""
    assert {
        data.statistics[Quantity.RECONSTRUCTION_MSE].runs for data in load_facts("stacked").calibrated.values()
    } == {10}


def test_the_points_of_the_rubric_are_those_of_the_readme():
    """Each number in brackets is the rubric's."""
    page = PAGES["grade.en.md"]
    sentence = page[page.index("`stacked` has nine checks") : page.index("Credit for the reconstruction")]
    reported = [int(points) for points in re.findall(r"\((\d+)\)", sentence)]
    rubric = load_assignment("stacked").rubric
    assert reported == [item.points for item in rubric]
    assert sum(reported) == 100


@pytest.mark.parametrize("line", [line for line in COMMANDS if line.startswith("grader ")])
def test_every_grader_command_of_the_readme_is_understood(line):
    """Options and arguments are parsed by the real command line; nothing is run."""
    command, *arguments = shlex.split(line)[1:]
    group = get_command(app)
    found = group.commands[command]
    found.make_context(command, list(arguments))


@pytest.mark.parametrize("line", [line for line in COMMANDS if line.startswith("make ")])
def test_every_make_target_of_the_readme_exists(line):
    """`make X` has a rule X."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{line.split()[1]}:", makefile, re.MULTILINE)


def test_every_command_stands_in_the_readme():
    """A command that nobody can find is not there."""
    for name in get_command(app).commands:
        assert f"grader {name}" in ALL or f"`{name}`" in ALL


def test_the_quick_commands_run(tmp_path):
    """`grader list` and `grader generate`, as the README writes them; those of an own course are run with their course."""
    runner = CliRunner()
    for line in COMMANDS:
        if line.startswith(("grader list", "grader generate")) and "--course" not in line:
            arguments = [a.replace("build", str(tmp_path)) for a in shlex.split(line)[1:]]
            result = runner.invoke(app, arguments)
            assert result.exit_code == 0, result.output
    for name in ("stacked.ipynb", "stacked.solution.ipynb"):
        assert json.loads((tmp_path / name).read_text(encoding="utf-8"))["nbformat"] == 4


def test_the_extras_of_the_readme_exist():
    """Those that any command installs, and those of the table; and none is left out of it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    commands = [found for line in COMMANDS for found in re.findall(r"pip install '\.\[([\w,]+)\]'", line)]
    installed = {extra for command in commands for extra in command.split(",")}
    assert len(commands) == sum("pip install" in line for line in COMMANDS)
    for page, head in (
        (README, "| extra | brings |"),
        (PAGES["install.en.md"], "| extra | brings |"),
        (PAGES["install.es.md"], "| extra | trae |"),
    ):
        table = page[page.index(head) :].partition("\n\n")[0]
        listed = [name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])]
        assert installed <= set(listed)
        assert {*listed, "dev"} == set(project["optional-dependencies"])


def test_the_kinds_of_variants_are_as_many_as_are_told():
    """Operators of `grader validate --rubrics`."""
    assert f"wrong answers ({len(MUTANTS)} kinds)\nand other right ones ({len(EQUIVALENTS)} kinds)" in ALL
    assert f"incorrectas ({len(MUTANTS)} clases) y en otras correctas ({len(EQUIVALENTS)} clases)" in ALL


def test_the_readme_is_one_screen():
    """The rest is in `docs/`, in both languages."""
    assert len(README.splitlines()) <= SCREEN


@pytest.mark.parametrize(("page", "target"), LINKS)
def test_every_link_leads_somewhere(page, target):
    """To a file of the repository, or to a page that is generated; `SECURITY.md` is the English page about it."""
    path = (ROOT / page).parent / target
    name = re.sub(r"\.(es|en)\.md$", "", path.name)
    assert path.is_file() or name in GENERATED or path.name == "security.en.md"
