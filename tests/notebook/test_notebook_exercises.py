"""Checks of single steps: the solution's code is right, and each usual mistake is found with the name of what is wrong."""

from __future__ import annotations

import random
import re
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from notebook_cells import StudentNotebook

from grader.authoring.assignment_catalogue import assignment_ids, load_assignment, references_folder
from grader.authoring.hints import hint_names
from grader.authoring.solution_cells import solution_cells
from grader.authoring.tasks import tasks
from grader.authoring.templates import Version, render_script
from grader.checks.check_registry import CHECKS
from grader.notebook.cell_output import Feedback
from grader.notebook.exercises import exercises_of

FROM_SCRATCH = load_assignment("from-scratch")
FUNCTIONS = ("first_arrays", "relu", "sigmoid", "encode", "decode", "forward", "loss", "backward", "descend")
CONSTANTS = {"IMAGE_SIZE": 784, "CODE_SIZE": 32, "EPOCHS": 3, "LEARNING_RATE": 1.0, "MOMENTUM": 0.9}


def begun(assignment: str) -> StudentNotebook:
    """A notebook on an assignment, in English, with NumPy."""
    return StudentNotebook(f'import numpy as np\nimport grader\ngrader.use("{assignment}", language="en")')


@pytest.fixture
def scratch() -> StudentNotebook:
    """A notebook on `from-scratch` with the solution's functions."""
    notebook = begun("from-scratch")
    notebook.names |= CONSTANTS
    cells = solution_cells(FROM_SCRATCH, "en")
    for name in FUNCTIONS:
        notebook.run(cells[name])
    return notebook


def asked(notebook: StudentNotebook, name: str) -> Feedback:
    return notebook.ask(f'grader.check("{name}")')


def places(answer: Feedback) -> list[str]:
    """What the findings are about."""
    return [str(dict(one.where.values)["text"]).strip("`") for result in answer.results for one in result.findings]


# from-scratch


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_solutions_functions_are_right(name: str, scratch: StudentNotebook) -> None:
    """Each by itself."""
    answer = asked(scratch, name)
    assert answer.passed, str(answer)


SAME = "    return "
WRONG: list[tuple[str, str, list[str]]] = [
    ("relu", "def relu(values):\n    return np.abs(values)", ["relu"]),
    ("relu", "def relu(values):\n    return np.max(values)", ["relu"]),
    ("relu", "def relu(values):\n    return max(values, 0)", ["relu"]),
    ("sigmoid", "def sigmoid(values):\n    return 1 / (1 + np.exp(-values))", ["sigmoid"]),
    ("sigmoid", "def sigmoid(values):\n    return np.tanh(values)", ["sigmoid"]),
    ("encode", "def encode(images, arrays):\n    return images @ arrays[0] + arrays[1]", ["encode"]),
    ("encode", "def encode(images, arrays):\n    return relu(images @ arrays[0])", ["encode"]),
    ("decode", "def decode(codes, arrays):\n    return relu(codes @ arrays[2] + arrays[3])", ["decode"]),
    ("decode", "def decode(codes, arrays):\n    return sigmoid(codes @ arrays[2])", ["decode"]),
    ("forward", "def forward(images, arrays):\n    return decode(encode(images, arrays), arrays)", ["forward"]),
    ("forward", "def forward(i, a):\n    h = encode(i, a)\n    return decode(h, a), h", ["forward()[0]", "forward()[1]"]),
    ("loss", "def loss(x, y):\n    y = np.clip(y, 1e-7, 1 - 1e-7)\n    return -(x * np.log(y) + (1 - x) * np.log(1 - y)).sum()", ["loss"]),
    ("loss", "def loss(x, y):\n    y = np.clip(y, 1e-7, 1 - 1e-7)\n    return -(x * np.log(y)).mean()", ["loss"]),
    ("loss", "def loss(x, y):\n    return float(-(x * np.log(y) + (1 - x) * np.log(1 - y)).mean())", ["loss"]),
    ("loss", "def loss(x, y):\n    return ((x - y) ** 2).mean()", ["loss"]),
    ("first_arrays", "def first_arrays(rng):\n    return rng.normal(size=(784, 32)), np.zeros(32)", ["first_arrays"]),
    (
        "first_arrays",
        "def first_arrays(rng):\n    z = np.zeros\n    return z((784, 32), 'f'), z(32, 'f'), z((32, 784), 'f'), z(784, 'f')",
        ["W1", "W2"],
    ),
    (
        "first_arrays",
        ("def first_arrays(rng):\n    l, z = (6 / 816) ** 0.5, np.zeros\n    u = lambda s: np.random.uniform(-l, l, s).astype('f')\n"
        "    return u((784, 32)), z(32, 'f'), u((32, 784)), z(784, 'f')"),
        ["first_arrays"],
    ),
]  # fmt: skip
"""Which function, what a student wrote, and what the findings name."""


@pytest.mark.parametrize(("name", "source", "named"), WRONG)
def test_a_wrong_function_is_found(name: str, source: str, named: list[str], scratch: StudentNotebook) -> None:
    """With what is known about its answer; nothing is raised at the student."""
    scratch.run(source)
    answer = asked(scratch, name)
    assert not answer.passed
    assert places(answer) == named


BACKWARD = """
def backward(images, codes, output, arrays):
    d_a2 = (output - images) / {divisor}
    d_a1 = (d_a2 @ arrays[2].T){mask}
    return images.T @ d_a1, d_a1.sum(axis={axis}), codes.T @ d_a2, d_a2.sum(axis=0)
"""
RIGHT_PARTS = {"divisor": "images.size", "mask": " * (codes > 0)", "axis": "0"}


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({}, []),
        ({"divisor": "len(images)"}, ["dW1", "db1", "dW2", "db2"]),
        ({"mask": ""}, ["dW1", "db1"]),
        ({"axis": "1"}, ["db1"]),
    ],
)
def test_each_part_of_backward_is_held_against_a_measured_slope(
    changed: dict[str, str], named: list[str], scratch: StudentNotebook
) -> None:
    """A wrong part is named and no right one with it; a wrong factor is reported as a number."""
    scratch.run(BACKWARD.format(**RIGHT_PARTS | changed))
    answer = asked(scratch, "backward")
    assert places(answer) == named
    if "divisor" in changed:
        assert "784 times the measured slope" in str(answer)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("v[...] = MOMENTUM * v - LEARNING_RATE * g; a[...] = a + v", []),
        ("a[...] = a - LEARNING_RATE * g", ["W1", "b1", "W2", "b2"]),
        ("v = MOMENTUM * v - LEARNING_RATE * g; a = a + v", ["W1", "b1", "W2", "b2"]),
        ("v[...] = MOMENTUM * v + LEARNING_RATE * g; a[...] = a + v", ["W1", "b1", "W2", "b2"]),
    ],
)
def test_a_step_of_descent_is_in_place_and_has_momentum(body: str, named: list[str], scratch: StudentNotebook) -> None:
    """A copy that learns leaves the notebook's arrays as they were."""
    scratch.run(
        f"def descend(arrays, momentum, gradients):\n    for a, v, g in zip(arrays, momentum, gradients):\n        {body}"
    )
    answer = asked(scratch, "descend")
    assert places(answer) == named
    assert ("as it was" in str(answer)) == body.startswith("v = ")


def test_losses_fall_epoch_after_epoch(scratch: StudentNotebook) -> None:
    """One number an epoch; they are the notebook's own, so they earn nothing."""
    scratch.names |= {"train_losses": [0.3, 0.2, 0.1], "valid_losses": [0.3, 0.2, 0.1]}
    assert asked(scratch, "train").passed
    scratch.names |= {"train_losses": [0.3, 0.2], "valid_losses": [0.3, float("nan"), 0.1]}
    assert places(asked(scratch, "train")) == ["train_losses", "valid_losses"]


def test_what_is_not_written_yet_is_no_mistake() -> None:
    """Neither a function that is not there nor one as it was given out; the student's random numbers stay."""
    notebook = begun("from-scratch")
    assert "Not there yet: relu" in str(asked(notebook, "relu"))
    notebook.run("def relu(values):\n    raise NotImplementedError()")
    random.seed(1)
    np.random.seed(1)
    before = random.getstate(), np.random.get_state()[1].copy()
    answer = asked(notebook, "relu")
    assert ("not written yet" in str(answer), answer.passed, answer.results) == (True, False, ())
    assert (random.getstate(), np.random.get_state()[1].tolist()) == (before[0], before[1].tolist())


# fraud


class Doubled:
    """Stands for a trained network: answers twice what it is given, so that errors are the squared rows."""

    def predict(self, rows: np.ndarray, **options: object) -> np.ndarray:
        return 2 * rows


@pytest.fixture
def cards() -> StudentNotebook:
    """A notebook on `fraud` with 3,000 rows, of which 30 are frauds, up to the alarms."""
    notebook = begun("fraud")
    rng = np.random.default_rng(1)
    table = np.abs(rng.normal(1, 2, (3000, 31)))
    table[:, 30] = 0
    table[::100, 30] = 1
    columns = ["Time", *(f"V{number}" for number in range(1, 29)), "Amount", "Class"]
    notebook.names |= {
        "COLUMNS": columns, "train_values": table[:1800], "valid_values": table[1800:2400], "test_values": table[2400:],
        "autoencoder": Doubled(),
    }  # fmt: skip
    cells = solution_cells(load_assignment("fraud"), "en")
    for name in ("normal_rows", "features", "scaling", "scores", "threshold"):
        notebook.run(cells[name])
    return notebook


@pytest.mark.parametrize("name", ["normal_rows", "features", "scaling", "scores", "threshold"])
def test_the_solutions_table_is_right(name: str, cards: StudentNotebook) -> None:
    """Rows, features, scale, scores, threshold."""
    answer = asked(cards, name)
    assert answer.passed, str(answer)


FEATURES = "def features(values):\n    return "


@pytest.mark.parametrize(
    ("name", "cell", "named"),
    [
        ("normal_rows", "normal_train = train_values", ["normal_train"]),
        ("normal_rows", "normal_valid = normal_valid[:-1]", ["normal_valid"]),
        ("normal_rows", "normal_train = normal_train[:, :-1]", ["normal_train"]),
        ("features", FEATURES + "np.hstack([values[:, 1:29], values[:, [30]]])", ["features"]),
        ("features", FEATURES + "values[:, 1:30]", ["features"]),
        ("features", FEATURES + "values[0, 1:30]", ["features"]),
        ("scaling", "X_train = features(normal_train)", ["X_train"]),
        ("scaling", "t = features(test_values)\nX_test = (t - t.mean(axis=0)) / t.std(axis=0)", ["X_test"]),
        ("scaling", "X_train = 3 * X_train", ["X_train"]),
        ("scores", "def fraud_scores(rows, copies):\n    return ((rows - copies) ** 2).mean(axis=0)", ["fraud_scores"]),
        ("scores", "def fraud_scores(rows, copies):\n    return (rows - copies).mean(axis=1)", ["fraud_scores"]),
        ("scores", "scores = scores[:-1]", ["scores"]),
        ("threshold", "threshold = np.quantile(scores, 0.95)\nalarms = scores > threshold", ["threshold"]),
        ("threshold", "alarms = scores < threshold", ["alarms"]),
    ],
)
def test_a_mistake_in_the_table_is_found(name: str, cell: str, named: list[str], cards: StudentNotebook) -> None:
    """On values with known answers."""
    cards.run(cell)
    assert places(asked(cards, name)) == named


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("features", FEATURES + "values[:, :30]"),
        ("scores", "def fraud_scores(rows, copies):\n    return np.sqrt(((rows - copies) ** 2).sum(axis=1))"),
        (
            "scaling",
            (
                "f = features(normal_train)\nlow, high = f.min(axis=0), f.max(axis=0)\n"
                "X_train, X_valid, X_test = [(features(t) - low) / (high - low) for t in (normal_train, normal_valid, test_values)]"
            ),
        ),
        ("threshold", "alarms = [bool(one > threshold) for one in scores]"),
    ],
)
def test_other_right_answers_are_right(name: str, cell: str, cards: StudentNotebook) -> None:
    """Time may stay, a score needs its order alone, a table may be scaled to [0, 1], alarms may be a list."""
    cards.run(cell)
    answer = asked(cards, name)
    assert answer.passed, str(answer)


@pytest.mark.parametrize(
    ("model", "named"),
    [
        (keras.Sequential([keras.Input((29,)), layers.Dense(10)]), []),
        (keras.Sequential([keras.Input((30,)), layers.Dense(10)]), ["encoder.input_shape"]),
        (keras.Sequential([keras.Input((29,)), layers.Dense(29)]), ["encoder.output_shape"]),
        ([layers.Dense(10)], ["encoder"]),
    ],
)
def test_the_encoder_of_a_table_is_known_by_what_goes_in_and_out(model: object, named: list[str]) -> None:
    """By its name in the notebook, or given under another one."""
    notebook = begun("fraud")
    notebook.names |= {"FEATURES": 29, "mine": model}
    assert places(notebook.ask('grader.check("encoder", mine)')) == named
    notebook.names["encoder"] = model
    assert places(asked(notebook, "encoder")) == named


# Keras: compile, fit, and the line between two digits


def small() -> keras.Model:
    return keras.Sequential([keras.Input((4,)), layers.Dense(2), layers.Dense(4)])


def test_compile_and_fit(notebook: StudentNotebook) -> None:
    """First neither, then both; Adadelta at its default rate cannot learn."""
    names: dict[str, Any] = notebook.names
    names["autoencoder"] = model = small()
    assert places(asked(notebook, "compile")) == places(asked(notebook, "fit")) == ["autoencoder"]
    model.compile("adadelta", "mse")
    assert places(asked(notebook, "compile")) == ["optimizer"]
    model.compile(keras.optimizers.Adam(0.01), "mse")
    assert asked(notebook, "compile").passed
    rows = np.random.default_rng(0).normal(size=(256, 4)).astype("float32")
    model.fit(rows, rows, epochs=3, verbose=0)
    assert asked(notebook, "fit").passed
    model.history.history["loss"] = [0.1, float("nan")]
    assert places(asked(notebook, "fit")) == ["loss"]


@pytest.mark.parametrize(
    ("weights", "wrong"),
    [
        ("np.linspace(0, 1, steps)", None),
        ("np.linspace(0, 1, steps + 1)[:-1]", "the first or the last image"),
        ("np.linspace(1, 0, steps)", "the first or the last image"),
        ("np.linspace(0, 1, steps) ** 2", "other stops on the way"),
        ("np.linspace(0, 1, steps - 1)", "9 images"),
    ],
)
def test_the_line_is_known_by_its_ends_and_its_steps(weights: str, wrong: str | None) -> None:
    """Both ends included, evenly spread."""
    notebook = begun("variational")
    notebook.names["decoder"] = keras.Sequential(
        [keras.Input((2,)), layers.Dense(784, "sigmoid"), layers.Reshape((28, 28))]
    )
    notebook.run("first, last, steps = np.array([-3.0, 1.0]), np.array([2.0, -4.0]), 10")
    notebook.run(f"w = {weights}\nline = decoder.predict((1 - w)[:, None] * first + w[:, None] * last, verbose=0)")
    answer = asked(notebook, "line")
    assert answer.passed is (wrong is None), str(answer)
    if wrong is not None:
        assert wrong in str(answer)


# All assignments


def checks_after_tasks(name: str) -> dict[str, list[str]]:
    """What is checked below each cell to complete, before the next such cell."""
    script = render_script(load_assignment(name), Version("en", solution=False), references=references_folder())
    wanted = {task.name for task in tasks(load_assignment(name), "en")}
    found: dict[str, list[str]] = {}
    for cell in re.finditer(r'^# %%.*name="([^"]+)"|^grader\.check\("([^"]+)"', script, re.MULTILINE):
        if cell[1] in wanted:
            found[cell[1]] = []
        elif cell[2] and found:
            found[list(found)[-1]].append(cell[2])
    return found


ANSWERED_BY_MODELS = {
    "fit": {"reconstruction", "denoising", "elbo", "fit"},
    "stack": {"autoencoder"},
    "build_models": {"autoencoder"},
    "choice": {"reconstruction"},
    "tuning": {"pretrained"},
}
"""Tasks whose check is one of the rubric's, on the models that the task leaves."""


@pytest.mark.parametrize("name", assignment_ids())
def test_every_task_has_a_check_below_it(name: str) -> None:
    """Models by their roles, everything else by functions and values; none is asked for that is not known."""
    assignment = load_assignment(name)
    known = {
        *exercises_of(assignment),
        *(item.check for item in assignment.rubric),
        "encoder",
        "decoder",
        "autoencoder",
    }
    found = checks_after_tasks(name)
    assert {task.name for task in tasks(assignment, "en")} == set(found)
    for task, checks in found.items():
        assert set(checks) & ({task} | ANSWERED_BY_MODELS.get(task, set())), f"{task} has no check: {checks}"
        assert set(checks) - {"all"} <= known


@pytest.mark.parametrize("name", assignment_ids())
def test_every_task_has_a_hint(name: str) -> None:
    """`grader.hint` knows the name of each cell to complete."""
    assignment = load_assignment(name)
    assert {task.name for task in tasks(assignment, "en")} - set(hint_names(assignment)) == set()


@pytest.mark.parametrize("name", assignment_ids())
def test_no_exercise_hides_a_check_that_models_answer(name: str) -> None:
    """A step and a check of the rubric share a name only where no model in memory answers the check."""
    assignment = load_assignment(name)
    assert (
        set(exercises_of(assignment)) & {item.check for item in assignment.rubric if CHECKS[item.check].needs.models}
        == set()
    )
