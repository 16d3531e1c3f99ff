"""Checks that look past the three models: stages, tables of results, classifiers, and networks without Keras."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from notebook_cells import StudentNotebook, outcomes

from grader.domain.grade import Outcome
from grader.locale import Translator
from grader.notebook import NotebookCheckError
from grader.notebook import judging as examining
from reference import greedy_layerwise, linear_pca, optimizers, pretraining

EN = Translator("en")
IMAGES = np.random.default_rng(1).random((16, 784), np.float32)


def on(assignment: str) -> StudentNotebook:
    """A notebook whose first cell names another assignment."""
    return StudentNotebook(f'import keras\nimport grader\ngrader.use("{assignment}", language="en")')


def pending(answer: object) -> str:
    return " ".join(EN.text(line) for line in answer.pending)  # type: ignore[attr-defined]


# Greedy stages


def test_stages_are_looked_for_among_all_models_of_the_notebook() -> None:
    """Both shallow autoencoders are found in the stack, by whatever name; untrained ones have learnt nothing."""
    notebook = on("greedy-layerwise")
    first, second = greedy_layerwise.build_first(), greedy_layerwise.build_second()
    encoder = keras.Sequential([first.encoder, second.encoder])
    decoder = keras.Sequential([second.decoder, first.decoder])
    three = {"encoder": encoder, "decoder": decoder, "autoencoder": keras.Sequential([encoder, decoder])}
    notebook.names |= three | {"pequeño": first.autoencoder, "kept": [second.autoencoder]}
    answer = notebook.ask('grader.check("stages")')
    assert outcomes(answer) == {"stages": Outcome.FAILED}
    assert EN.text(answer.results[0].message) == (
        "Shallow autoencoders in the stack: 2 of 2; those that have learnt their own data: 0."
    )


def test_who_asks_about_a_model_is_not_told_of_later_steps() -> None:
    """A classifier, stages and tables come later; they are asked for by name, or with everything."""
    notebook = on("pretraining")
    notebook.names |= dict(zip(("encoder", "decoder", "autoencoder"), pretraining.build(), strict=True))
    answer = notebook.ask('grader.check("autoencoder")')
    assert set(outcomes(answer)) == {"models", "code_size", "layers", "composition"}
    assert answer.passed
    assert outcomes(notebook.ask('grader.check("classifier")')) == {"classifier": Outcome.FAILED}


# Tables of results


@pytest.fixture(scope="module")
def rivals() -> dict[str, tuple[keras.Model, ...]]:
    """Three networks after one step of training."""
    models = {name: tuple(optimizers.build()) for name in optimizers.NAMES}
    for name, three in models.items():
        three[-1].compile(optimizer=optimizers.make_optimizer(name), loss="binary_crossentropy")
        three[-1].fit(IMAGES, IMAGES, batch_size=16, verbose=0)
    return models


def compared(rivals: dict[str, tuple[keras.Model, ...]], table: object) -> StudentNotebook:
    notebook = on("optimizers")
    notebook.names |= dict(zip(("encoder", "decoder", "autoencoder"), rivals["adam"], strict=True))
    autoencoders = {name: three[-1] for name, three in rivals.items()}
    notebook.names |= {"models": rivals, "autoencoders": autoencoders, "comparison": table}
    return notebook


def test_a_table_without_entries_is_told_at_once(rivals: dict[str, tuple[keras.Model, ...]]) -> None:
    """The trained networks are counted; what the table lacks is lacking on whatever images."""
    answer = compared(rivals, {}).ask('grader.check("comparison")')
    assert outcomes(answer) == {"comparison": Outcome.PARTIAL}
    assert "Different trained networks: 3 of 3." in str(answer)


def test_a_table_that_may_be_of_other_images_is_left_to_the_grade(
    rivals: dict[str, tuple[keras.Model, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without facts of the notebook's data nobody here knows which images it held out: no false alarm."""
    monkeypatch.setattr(examining, "_notebooks_size", lambda: "other")
    answer = compared(rivals, dict.fromkeys(optimizers.NAMES, 0.5)).ask('grader.check("comparison")')
    assert outcomes(answer) == {}
    assert not answer.passed
    assert "Judged with the whole notebook alone" in pending(answer)


# A network of arrays

ARRAYS = """
import numpy as np
rng = np.random.default_rng(3)
W1, b1 = rng.normal(0, 0.05, (784, 32)), np.zeros(32)
W2, b2 = rng.normal(0, 0.05, (32, 784)), np.zeros(784)
arrays = (W1, b1, W2, b2)
"""
FUNCTIONS = """
def encode(images, arrays):
    return np.maximum(images @ arrays[0] + arrays[1], 0)

def decode(codes, arrays):
    return 1 / (1 + np.exp(-(codes @ arrays[2] + arrays[3])))
"""


def test_a_network_of_arrays_is_checked_without_keras() -> None:
    """Its arrays are found by shape and its activations by what its functions answer, as in the grade."""
    notebook = on("from-scratch")
    assert "The four arrays of the network" in pending(notebook.ask('grader.check("layers")'))
    notebook.run(ARRAYS)
    assert not notebook.ask('grader.check("layers")').passed  # no function says yet what is done with them
    notebook.run(FUNCTIONS)
    assert notebook.ask('grader.check("layers")').passed
    everything = notebook.ask('grader.check("all")')
    assert outcomes(everything) == {
        "arrays": Outcome.PASSED,
        "layers": Outcome.PASSED,
        "code_size": Outcome.PASSED,
        "reconstruction": Outcome.FAILED,
    }
    assert "not trained yet" not in pending(everything)


def test_arrays_are_not_handed_over() -> None:
    """They are found; a call that passes some gets a sentence about it."""
    notebook = on("from-scratch")
    notebook.run(ARRAYS)
    with pytest.raises(NotebookCheckError) as caught:
        notebook.run('grader.check("layers", W1)')
    assert str(caught.value).endswith('Give no arrays: grader.check("layers").')


# Words for what goes in


def test_points_are_not_called_images() -> None:
    """Whoever works on points in space hears of points."""
    notebook = on("linear-pca")
    notebook.names |= dict(zip(("encoder", "decoder", "autoencoder"), linear_pca.build(), strict=True))
    right = notebook.ask('grader.check("shapes")')
    assert EN.text(right.results[0].message) == "What goes in and what comes out have the right size."
    notebook.run("decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(4)])")
    wrong = notebook.ask('grader.check("decoder", decoder)')
    assert "Shapes that do not hold a point: 1 of 1." in str(wrong)
    assert "3 numbers a sample, as (3,) or in another layout." in str(wrong)
    assert "image" not in "\n".join(line for line in str(wrong).splitlines() if "shape" in line.lower())
