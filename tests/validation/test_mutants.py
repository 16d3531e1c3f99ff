"""Operators that make wrong answers out of solutions."""

from __future__ import annotations

import ast
import json

import pytest

from grader.authoring.assignment_catalogue import assignment_ids
from grader.checks.check_registry import CHECKS
from grader.validation.drafts import Draft
from grader.validation.operators import LEARNT, QUALITY, Mutant, TrainingLength, shortened
from grader.validation.rubrics import FAST, MUTANTS, QUICK, variants
from tests.validation.solutions import LOOKED_AT, draft, made, work


def mutated(assignment: str, name: str) -> Draft:
    """The solution after one operator, not shortened."""
    operator = next(one for one in MUTANTS if one.name == name)
    edited = operator.edit(draft(assignment))
    assert edited is not None
    return edited


def code(notebook: str) -> str:
    """All code of a notebook, without magics."""
    cells = [cell["source"] for cell in json.loads(notebook)["cells"] if cell["cell_type"] == "code"]
    return "\n".join(line for line in "\n".join(cells).splitlines() if not line.startswith(("!", "%")))


def test_there_are_at_least_thirty_kinds_of_wrong() -> None:
    """As the course asks of its rubrics; each has a name of its own."""
    names = [one.name for one in MUTANTS]
    assert len(set(names)) == len(names)
    assert len(names) >= 30


def test_mutants_name_checks_that_exist() -> None:
    """A misspelt check would make a mutant that nothing needs to kill."""
    named = {check for one in MUTANTS for check in (*one.kills, *one.may)}
    assert named | LEARNT | set(QUALITY) <= set(CHECKS)
    assert all(one.kills for one in MUTANTS)


def test_what_is_learnt_is_judged_after_a_whole_training_alone() -> None:
    """Two steps of training would kill every mutant of a training for the wrong reason."""
    blind = {
        "rate-zero",
        "rate-nan",
        "no-training",
        "frozen",
        "scratch-no-step",
        "own-exit",
    }  # training changes nothing
    built = {"stack-not-carried", "encoder-not-carried", "numbers-invented", "one-network"}  # nor what they do wrong
    short = {one.name for one in MUTANTS if one.training is TrainingLength.STEPS and set(one.kills) <= LEARNT}
    assert short <= blind | built


@pytest.mark.parametrize("assignment", LOOKED_AT)
def test_every_variant_is_another_python_program(assignment: str) -> None:
    """It parses, and is not what another operator has made already."""
    programs = {one.operator.name: code(one.notebook) for one in made(assignment)}
    for name, program in programs.items():
        ast.parse(program, filename=name)
    wrong = [programs[one.operator.name] for one in made(assignment) if isinstance(one.operator, Mutant)]
    assert len(set(wrong)) == len(wrong)


@pytest.mark.parametrize("assignment", LOOKED_AT)
def test_a_mutant_that_is_made_must_be_killed_by_the_rubric_or_is_always_wrong(assignment: str) -> None:
    """What a rubric does not ask is no mistake; what is wrong everywhere is tried whatever the rubric says."""
    asked = {item.check for item in work(assignment).assignment.rubric}
    for one in made(assignment):
        if isinstance(one.operator, Mutant):
            assert one.intended or one.operator.always
            assert set(one.intended) == asked & set(one.operator.kills)


def test_every_fast_variant_exists() -> None:
    """The fast part names operators that apply to its assignments."""
    assert set(FAST) <= set(assignment_ids())
    for assignment, names in FAST.items():
        chosen = variants(work(assignment), only=names, fast=True)
        assert {one.operator.name for one in chosen} == set(names)
        assert {one.operator.training for one in chosen} == {TrainingLength.STEPS}
    assert set(QUICK) <= {one.operator.name for one in made("stacked")}


def test_a_code_of_another_size_is_one_everywhere() -> None:
    """A constant is changed once; a grid of channels in the encoder and in the decoder's input."""
    assert mutated("stacked", "code-double").mentions("CODE_SIZE = 60")
    grid = mutated("convolutional-upsampling", "code-one-wider")
    assert "layers.Conv2D(9, 3" in (grid.source("encoder") or "")
    assert "keras.Input(shape=(4, 4, 9))" in (grid.source("decoder") or "")


def test_an_activation_that_the_rubric_takes_is_no_mistake() -> None:
    """The rubric of `simple-dense-mse` takes ReLU on the output, that of `simple-dense` does not."""
    operator = next(one for one in MUTANTS if one.name == "output-relu")
    assert operator.edit(draft("simple-dense-mse")) is None
    edited = operator.edit(draft("simple-dense"))
    assert edited is not None
    assert (output := edited.output_layer()) is not None
    assert output.keyword("activation") == '"relu"'


def test_hidden_layers_change_and_the_code_stays() -> None:
    """A width, an activation, an order: in the first hidden layer of the encoder."""
    assert [one.code for one in mutated("stacked", "hidden-tanh").weighted(encoder=True)] == [
        'layers.Dense(100, activation="tanh")',
        'layers.Dense(CODE_SIZE, activation="relu")',
    ]
    assert [one.code for one in mutated("deep-dense", "widths-swapped").weighted(encoder=True)] == [
        'layers.Dense(64, activation="relu")',
        'layers.Dense(128, activation="relu")',
        'layers.Dense(CODE_SIZE, activation="relu")',
    ]
    assert len(mutated("stacked", "layer-extra").weighted(encoder=True)) == 3
    assert len(mutated("stacked", "layer-missing").weighted(encoder=True)) == 1


def test_a_missing_penalty_leaves_the_notebook_otherwise_alone() -> None:
    """One line less."""
    before, after = (source.source("encoder") or "" for source in (draft("sparse"), mutated("sparse", "no-penalty")))
    gone = set(before.splitlines()) - set(after.splitlines())
    assert {line.strip() for line in gone} == {"layers.ActivityRegularization(l1=penalty),"}


def test_a_noise_layer_moves_behind_the_first_layer_that_learns() -> None:
    """Its place is what is wrong, not its rate."""
    kinds = (mutated("denoising-dropout", "noise-after-dense").source("encoder") or "").split("keras.Sequential")[1]
    assert kinds.index("layers.Dense(100") < kinds.index("noise,") < kinds.index("layers.Dense(CODE_SIZE")


def test_shortening_touches_nothing_but_how_long_it_trains() -> None:
    """Two steps of one epoch, wherever `fit` is called; a loop of one's own has one epoch."""
    short = shortened(draft("stacked"))
    assert "epochs=1" in (short.source("fit") or "")
    assert "steps_per_epoch=2" in (short.source("fit") or "")
    assert [cell for cell in short.cells if cell.cell_id != "fit"] == [
        cell for cell in draft("stacked").cells if cell.cell_id != "fit"
    ]
    assert "EPOCHS = 1" in [cell.source for cell in shortened(draft("from-scratch")).cells]


def test_every_training_of_a_cell_is_shortened() -> None:
    """Also where one cell holds them all."""
    whole = draft("pretraining")
    cells = [cell.source for cell in whole.code_cells]
    together = whole.with_source(whole.cells[0].cell_id, "").added("\n\n".join(cells))
    reported = shortened(together).cells[-1].source
    assert reported.count(".fit(") == reported.count("steps_per_epoch=2") > 4
