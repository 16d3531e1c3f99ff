"""A small assignment with its own reference and facts, and the real `stacked` beside it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from grader.authoring.assignment_catalogue import assignments_folder, load_assignment
from grader.domain.architecture import Architecture, Layer
from grader.domain.assignment import Assignment
from grader.domain.datasets import DataSize
from grader.domain.facts import Baseline, CalibratedData, CreditCurve, ReferenceFacts, Statistic
from grader.domain.measurement import ImageStrip, Quantity, Role

TINY_TOML = """\
id = "tiny"
reference = "tiny"

[title]
es = "Pequeño"
en = "Tiny"

[scale]
maximum = 5.0
decimals = 1

[[rubric]]
check = "runs"
points = 10
title.es = "Corre"
title.en = "It runs"

[[rubric]]
check = "code_size"
points = 2.5
requires = ["runs"]
title.es = "Tamaño"
title.en = "Size"

[rubric.parameters]
tolerance = 0.001
kinds = ["Dense"]

[text.es]
goal = "Comprime a {{ reference.CODE_SIZE }} números, {{ 2.5 | number }} puntos."

[text.en]
goal = "Compress to {{ reference.CODE_SIZE }} numbers, {{ 2.5 | number }} points."
"""

TINY_TEMPLATE = """\
{% import "_base/cells.py.j2" as cells %}
{{ cells.prose("goal", text.goal) }}
{% call cells.solution_cell("encoder", "Build `encoder`.") %}
{{ body("build_encoder", "encoder") }}
{% endcall %}
{% call cells.tests("encoder_test", "code_size") %}
assert encoder(1) == 2
{% endcall %}
{% call cells.question("why", "Why?") %}
Because of the bottleneck.
{% endcall %}
"""

TINY_REFERENCE = '''\
"""A reference that no one trains."""

CODE_SIZE = 30


def build_encoder():
    """Twice."""
    factor = 2
    return lambda x: factor * x
'''


@dataclass(frozen=True)
class Workspace:
    """Folders of one test: `assignments/tiny`, `assignments/_base`, `reference/tiny.py`, `facts/tiny.json`."""

    assignments: Path
    references: Path
    facts: Path

    @property
    def toml(self) -> Path:
        """The file that states the assignment."""
        return self.assignments / "tiny" / "assignment.toml"

    @property
    def template(self) -> Path:
        """The notebook template."""
        return self.assignments / "tiny" / "notebook.py.j2"

    def load(self) -> Assignment:
        """Load the assignment from these folders."""
        return load_assignment("tiny", folder=self.assignments, facts_folder=self.facts)

    def edit(self, old: str, new: str) -> None:
        """Replace one passage of the assignment's TOML, which must be there."""
        text = self.toml.read_text("utf-8")
        assert old in text
        self.toml.write_text(text.replace(old, new, 1), "utf-8")


@pytest.fixture
def example_facts() -> ReferenceFacts:
    layer = Layer("Dense", (("activation", "relu"), ("units", 30), ("use_bias", True)), (784,), (30,), 23_550)
    curve = CreditCurve(full=0.015, none=0.06, reference=0.0125, trivial=0.0674)
    strip = ImageStrip("reference", 28, 28, ("AAAA",))
    statistic = Statistic("pixel²", 5, 0.0125, 0.0002, {Baseline.MEAN: 0.0674, Baseline.PCA: 0.014}, (curve,))
    statistics = {Quantity.RECONSTRUCTION_MSE: statistic}
    data = CalibratedData(DataSize.SAMPLE, "ab12", "embedded sample", 20, statistics, (strip,))
    return ReferenceFacts(
        reference="tiny",
        dataset="fashion_mnist",
        code_size=30,
        parameters=None,
        published="",
        reached="0.0125 MSE",
        architectures={Role.ENCODER: Architecture((layer,), (784,), (30,), 0, 23_550)},
        calibrated={DataSize.SAMPLE: data},
    )


@pytest.fixture
def workspace(tmp_path: Path, example_facts: ReferenceFacts) -> Workspace:
    made = Workspace(tmp_path / "assignments", tmp_path / "reference", tmp_path / "facts")
    for folder in (made.toml.parent, made.references, made.facts):
        folder.mkdir(parents=True)
    shutil.copytree(assignments_folder() / "_base", made.assignments / "_base")
    made.toml.write_text(TINY_TOML, "utf-8")
    made.template.write_text(TINY_TEMPLATE, "utf-8")
    (made.references / "tiny.py").write_text(TINY_REFERENCE, "utf-8")
    (made.facts / "tiny.json").write_bytes(TypeAdapter(ReferenceFacts).dump_json(example_facts))
    return made


@pytest.fixture
def stacked(tmp_path: Path) -> Assignment:
    """The real assignment; its facts enter the rubric's hash alone, so any file will do here."""
    facts = tmp_path / "stacked-facts"
    facts.mkdir()
    (facts / "stacked.json").write_text("{}", "utf-8")
    return load_assignment("stacked", facts_folder=facts)
