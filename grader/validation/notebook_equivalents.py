"""Right answers in other notebooks: other cells, imports and outputs around the same solution."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from grader.domain.messages import message
from grader.validation.concrete_syntax import is_python, module, text
from grader.validation.drafts import Draft, DraftCell
from grader.validation.operators import Edit, Equivalent


def _one_cell(draft: Draft) -> Draft:
    """Merge all code into a single cell."""
    whole = "\n\n".join(cell.source for cell in draft.code_cells)
    return replace(draft, cells=(DraftCell("all", whole, is_code=True),))


def _many_cells(draft: Draft) -> Draft:
    """Give every statement a cell of its own."""
    cells: list[DraftCell] = []
    for cell in draft.cells:
        if not cell.is_code or not is_python(cell.source):
            cells.append(cell)
            continue
        tree = module(cell.source)
        cells += [
            DraftCell(f"{cell.cell_id}-{number}", text(tree.with_changes(body=[statement], header=())), is_code=True)
            for number, statement in enumerate(tree.body)
        ]
    return replace(draft, cells=tuple(cells))


def _without_text(draft: Draft) -> Draft:
    """Remove all Markdown and write comments between the lines."""
    kept = tuple(cell for cell in draft.cells if cell.is_code)
    return replace(draft, cells=kept).each_code(lambda source: f"# mi solución\n{source}\n# listo")


COLAB: Final = """!pip install -q umap-learn
%matplotlib inline
from google.colab import drive
drive.mount('/content/drive')"""

_OTHER_MODEL: Final = """from keras import layers as other_layers
perceptron = keras.Sequential([keras.Input((4,)), other_layers.Dense(3, activation="relu"), other_layers.Dense(1)])
perceptron.compile(optimizer="sgd", loss="mse")
perceptron.fit(np.random.rand(16, 4), np.random.rand(16, 1), epochs=1, verbose=0)
perceptron.summary()"""

_PLOT: Final = """figure, axes = plt.subplots(1, 2, figsize=(6, 3))
axes[0].hist(np.random.default_rng(0).normal(size=100))
axes[1].plot([1, 2, 3])
figure.suptitle("otra figura")
plt.show()"""


_DICTIONARY: Final = """modelos = {name: value for name, value in globals().items() if isinstance(value, keras.Model)}
modelos = {name: value for name, value in modelos.items() if not name.startswith("_")}
for name in modelos:
    del globals()[name]"""


def _in_dictionary(draft: Draft) -> Draft | None:
    """Remove the names of the models, if no check asks for models by name."""
    by_name = any(draft.asks(check) for check in ("comparison", "stages", "pretrained"))
    return None if by_name else draft.added(_DICTIONARY)


_UNCALLED: Final = """encoder = keras.Sequential(encoder.layers)
decoder = keras.Sequential(decoder.layers)"""


def uncalled_halves(draft: Draft) -> Draft | None:
    """Make the halves anew of their layers at the end; a Sequential has no input before it is called."""
    written = [draft.mentions(f"{name} = keras.Sequential(") for name in ("encoder", "decoder")]
    if not all(written) or draft.mentions("encoder_1") or draft.asks("latent_distribution"):
        return None
    return draft.added(_UNCALLED)


def keras_only(edit: Edit) -> Edit:
    """Return an edit that skips notebooks without Keras."""
    return lambda draft: edit(draft) if draft.mentions("import keras") else None


BESIDES: Final = (
    Equivalent("colab", message("pip, a magic, a mounted drive"), keras_only(lambda draft: draft.prepared(COLAB))),
    Equivalent("other-model", message("another, unrelated model"), keras_only(lambda draft: draft.added(_OTHER_MODEL))),
    Equivalent("other-plot", message("one more plot"), lambda draft: draft.added(_PLOT)),
    Equivalent("models-in-a-dictionary", message("the models kept in a dictionary alone"), keras_only(_in_dictionary)),
)
"""More in the notebook than was asked for."""

CELLS: Final = (
    Equivalent("one-cell", message("all code in one cell"), _one_cell),
    Equivalent("many-cells", message("a cell for every statement"), _many_cells),
    Equivalent("without-text", message("no text, many remarks"), _without_text),
)
"""The same code in other cells."""
