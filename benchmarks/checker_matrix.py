"""The checkers that people use today beside this grader: wrong answers accepted, right ones refused, in Markdown.

Run with `python benchmarks/checker_matrix.py [ID]`. The variants are those of `grader validate --rubrics` whose verdict
two steps of training decide, so that every checker sees the same notebooks and nobody's training luck counts. The three
others are written here as fairly as we can, for the assignment `stacked` or any other with the same three names:

- a layer list, as in the test utilities of large courses: class, output shape, parameters and activation of each layer
  of `model.layers`, in order, against the solution's;
- asserts in a cell, as in nbgrader: types, shapes, number of layers, parameters;
- tests of behaviour, as in otter: what the three models answer to two images, and whether they agree.

All three run inside the student's own kernel and need the three contract names, as they do in practice.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from grader.authoring.assignment_catalogue import load_assignment, load_facts
from grader.authoring.notebooks import generate
from grader.domain.datasets import DataSize
from grader.session import SessionOptions
from grader.validation.operators import Mutant, TrainingLength
from grader.validation.rubrics import RubricTest, Variant, try_rubric, variants
from grader.validation.verdicts import VariantOutcome

CHECKERS = ("layer list", "asserts", "behaviour tests")
GRADER = "this grader"
MODELS = ("encoder", "decoder", "autoencoder")


def main() -> None:
    """Run every checker over every variant and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("assignment", nargs="?", default="stacked")
    parser.add_argument("--sandbox", default="bubblewrap")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", nargs="*", default=[], help="names of variants; default: all")
    parser.add_argument("--keep", type=Path, help="gradebook of `grader validate --rubrics --keep`")
    parser.add_argument("--run", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--facts", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run is not None:
        print(json.dumps(run_in_this_process(given.run, given.facts)))
        return
    assignment = load_assignment(given.assignment)
    facts = load_facts(assignment.reference)
    work = RubricTest(assignment, facts, generate(assignment, language="en", solution=True))
    chosen = [one for one in variants(work, only=given.only) if one.operator.training is TrainingLength.STEPS]
    verdicts = others(chosen, work)
    options = SessionOptions(
        sandbox=given.sandbox, data_size=DataSize.SAMPLE, written_for=DataSize.SAMPLE, jobs=given.jobs
    )
    for judged in try_rubric(work, chosen, options, lambda _: None, keep=given.keep):
        good = judged.fate in (VariantOutcome.ACCEPTED, VariantOutcome.SURVIVED, VariantOutcome.LISTED)
        verdicts[judged.operator.name][GRADER] = good
    print_tables(chosen, verdicts, given.assignment)


def print_tables(chosen: list[Variant], verdicts: Mapping[str, Mapping[str, bool]], assignment: str) -> None:
    """Print how often each checker erred, and on which variants."""
    wrong = [one.operator.name for one in chosen if isinstance(one.operator, Mutant)]
    right = [one.operator.name for one in chosen if not isinstance(one.operator, Mutant)]
    print(f"`{assignment}`, {len(wrong)} wrong answers and {len(right)} right ones:\n")
    print("| checker | wrong answers accepted | right answers refused |\n|---|---:|---:|")
    for checker in (*CHECKERS, GRADER):
        let_through = sum(verdicts[name][checker] for name in wrong)
        refused = sum(not verdicts[name][checker] for name in right)
        print(f"| {checker} | {let_through} of {len(wrong)} | {refused} of {len(right)} |")
    print("\n| variant | is | " + " | ".join((*CHECKERS, GRADER)) + " |\n|---|---|" + "---|" * (len(CHECKERS) + 1))
    for name in (*wrong, *right):
        told = (("accepts" if verdicts[name][checker] else "refuses") for checker in (*CHECKERS, GRADER))
        print(f"| {name} | {'wrong' if name in wrong else 'right'} | " + " | ".join(told) + " |")


def others(chosen: list[Variant], work: RubricTest) -> dict[str, dict[str, bool]]:
    """Run each variant in a process of its own, with the three other checkers after its last cell."""
    verdicts = {}
    with tempfile.TemporaryDirectory(prefix="checkers-") as name:
        folder = Path(name)
        facts = folder / "facts.json"
        solution = folder / "solution.ipynb"
        (short,) = variants(work, only=["other-plot"])  # the solution and a picture, trained for two steps
        solution.write_text(short.notebook, encoding="utf-8")
        facts.write_text(json.dumps(_answer_of(solution, None)["described"]), encoding="utf-8")
        for one in chosen:
            path = folder / "variant.ipynb"
            path.write_text(one.notebook, encoding="utf-8")
            answer = _answer_of(path, facts)
            verdicts[one.operator.name] = {checker: bool(answer.get(checker)) for checker in CHECKERS}
    return verdicts


def _answer_of(notebook: Path, facts: Path | None) -> dict[str, Any]:
    command = [sys.executable, __file__, "--run", str(notebook), *(["--facts", str(facts)] if facts else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = done.stdout.strip().splitlines()
    try:
        answer: dict[str, Any] = json.loads(lines[-1]) if lines else {}
    except json.JSONDecodeError:  # the notebook ended its own process
        answer = {}
    return answer


# In the student's process


def run_in_this_process(notebook: Path, facts: Path | None) -> dict[str, Any]:
    """Run a notebook's cells here, then the three checkers on what it left."""
    names = _run_cells(notebook)
    if facts is None:
        return {"described": {name: describe(names[name]) for name in MODELS}}
    expected = json.loads(facts.read_text(encoding="utf-8"))
    checkers: dict[str, Callable[[], None]] = {
        "layer list": lambda: check_layer_list(names, expected),
        "asserts": lambda: check_by_asserts(names, expected),
        "behaviour tests": lambda: check_behaviour(names, expected),
    }
    return {name: _passes(checker) and "error" not in names for name, checker in checkers.items()}


def _passes(checker: Callable[[], None]) -> bool:
    try:
        checker()
    except Exception:  # noqa: BLE001 - any error is a failed test there, too
        return False
    return True


def _run_cells(path: Path) -> dict[str, Any]:
    import keras
    import matplotlib as mpl

    from reference import data

    mpl.use("Agg")
    for name in ("mnist", "fashion_mnist"):
        loaded = data.load(name, size="sample")
        arrays = (loaded.x_train, loaded.y_train), (loaded.x_test, loaded.y_test)
        getattr(keras.datasets, name).load_data = lambda arrays=arrays, **_: arrays
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        lines = [line for line in cell["source"].splitlines() if not line.startswith(("!", "%"))]
        code = "\n".join(line for line in lines if "google.colab" not in line and "drive.mount" not in line)
        if cell["cell_type"] != "code":
            continue
        try:
            exec(compile(code, cell["id"], "exec"), names)  # noqa: S102 - our own variants, in a process of their own
        except Exception as error:  # noqa: BLE001 - later cells still run, as in a notebook
            names["error"] = error
    return names


def describe(model: Any) -> dict[str, Any]:  # noqa: ANN401 - a Keras model
    """Return what the layer list compares, and what asserts know."""
    return {
        "layers": [_layer(one) for one in model.layers],
        "input": list(model.input_shape),
        "output": list(model.output_shape),
        "parameters": int(model.count_params()),
    }


def _layer(layer: Any) -> list[object]:  # noqa: ANN401 - a Keras layer
    activation = getattr(getattr(layer, "activation", None), "__name__", None)
    return [type(layer).__name__, list(layer.output.shape), int(layer.count_params()), activation]


def check_layer_list(names: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """Compare `model.layers` one by one, the InputLayer of the functional style left out, as such utilities do."""
    for name in MODELS:
        found = [_layer(one) for one in names[name].layers if type(one).__name__ != "InputLayer"]
        wanted = [tuple(one) for one in expected[name]["layers"] if one[0] != "InputLayer"]
        assert [tuple(one) for one in found] == wanted, name


def check_by_asserts(names: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """Types, shapes, layers and parameters, as in an nbgrader cell."""
    import keras

    for name in MODELS:
        model = names[name]
        assert isinstance(model, keras.Model)
        assert list(model.input_shape) == expected[name]["input"]
        assert list(model.output_shape) == expected[name]["output"]
        assert model.count_params() == expected[name]["parameters"]
    for name in ("encoder", "decoder"):
        count = sum(type(one).__name__ != "InputLayer" for one in names[name].layers)
        assert count == len(expected[name]["layers"])


def check_behaviour(names: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """What the models answer to two images: shapes, finite numbers, and the same either way."""
    import numpy as np

    images = np.random.default_rng(0).uniform(size=(2, *expected["encoder"]["input"][1:])).astype("float32")
    codes = names["encoder"].predict(images, verbose=0)
    assert list(codes.shape[1:]) == expected["encoder"]["output"][1:]
    decoded = names["decoder"].predict(codes, verbose=0)
    whole = names["autoencoder"].predict(images, verbose=0)
    assert whole.shape == images.shape
    assert np.isfinite(whole).all()
    assert np.allclose(decoded, whole, atol=1e-4)


if __name__ == "__main__":
    main()
