"""Right answers written in other ways: the same network and training in another style."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import libcst as cst

from grader.domain.messages import message
from grader.validation import rewriting
from grader.validation.concrete_syntax import keyword, text, with_keyword
from grader.validation.data_equivalents import DATA_FORMS
from grader.validation.drafts import Draft
from grader.validation.latent_equivalents import DRAWINGS
from grader.validation.mutants.faulty_training import fits, optimizer
from grader.validation.network_equivalents import NETWORKS
from grader.validation.notebook_equivalents import BESIDES, CELLS, COLAB, keras_only, uncalled_halves
from grader.validation.operators import Edit, Equivalent, TrainingLength, instead
from grader.validation.rewriting import rewritten, without_activation

WHOLE: Final = TrainingLength.WHOLE


def _style(statements: rewriting.Statements) -> Edit:
    """Return an edit of every Sequential; whoever took the layers out of one takes the model itself."""

    def edit(draft: Draft) -> Draft | None:
        edited = rewritten(draft, statements)
        return None if edited is None else edited.each_code(lambda source: _LAYERS_OF.sub(r"\1", source))

    return edit


_LAYERS_OF: Final = re.compile(r"\*((?:en|de)coder\w*)\.layers")


def _each_layer(edit: Callable[[str, int], str]) -> Edit:
    """Return an edit of the text of every layer of encoders and decoders."""

    def whole(draft: Draft) -> Draft | None:
        layers = draft.layers()
        for number, layer in enumerate(layers):
            new = cst.parse_expression(edit(layer.code, number))
            draft = draft.with_layer(layer, lambda _, new=new: new)  # type: ignore[misc]
        return draft if layers else None

    return whole


def _named(code: str, number: int) -> str:
    """Name a layer, unless it has a name: the notebook may ask for a layer by its name."""
    call = cst.parse_expression(code)
    assert isinstance(call, cst.Call)  # noqa: S101 - a layer
    if keyword(call, "name") is not None:
        return code
    return text(with_keyword(call, "name", f'"capa_{number}"'))


def _idle(draft: Draft) -> Draft | None:
    found = draft.weighted(encoder=True)
    if not found or draft.mentions(".layers["):  # it would be counted
        return None
    return draft.beside(found[0], "layers.Rescaling(1.0)")


def _cells(draft: Draft) -> Draft | None:
    """Write `LSTM(4, return_sequences=True)` as `RNN(LSTMCell(4), return_sequences=True)`."""
    if not draft.mentions("layers.LSTM("):
        return None
    pattern = re.compile(r"layers\.LSTM\(([^,)]+)")
    return draft.each_code(lambda source: pattern.sub(r"layers.RNN(layers.LSTMCell(\1)", source))


def _apart(name: str, shape: str, layers: list[str]) -> str:
    """Write activations as layers of their own, alternately as Activation and, if it is one, as ReLU."""
    written = []
    for layer in layers:
        plain, activation = without_activation(layer)
        written.append(plain)
        if activation == "relu" and len(written) % 2:
            written.append("layers.ReLU()")
        elif activation is not None:
            written.append(f'layers.Activation("{activation}")')
    return f"{name} = keras.Sequential([keras.Input(shape={shape}), {', '.join(written)}])"


def _activation_functions(code: str, number: int) -> str:
    call = cst.parse_expression(code)
    assert isinstance(call, cst.Call)  # noqa: S101 - a layer
    activation = (keyword(call, "activation") or "").strip('"')
    if activation not in rewriting.OPERATIONS:
        return code
    written = (f"keras.activations.{activation}", f"keras.ops.{activation}")[number % 2]
    return text(with_keyword(call, "activation", written))


def _reshape(code: str, number: int) -> str:  # noqa: ARG001 - the signature of an edit
    return code.replace("layers.Flatten()", "layers.Reshape((-1,))") if "Flatten" in code else code


_SUBCLASS: Final = """class Autocodificador(keras.Model):
    def __init__(self, encoder, decoder, **options):
        super().__init__(**options)
        self.encoder = encoder
        self.decoder = decoder

    def call(self, images, training=None):
        return self.decoder(self.encoder(images, training=training), training=training)


def joined(encoder, decoder):
    model = Autocodificador(encoder, decoder)
    model(np.zeros((1, *[length or 28 for length in encoder.input_shape[1:]]), "float32"))
    return model"""

_FUNCTIONAL: Final = """def joined(encoder, decoder):
    image = keras.Input(shape=encoder.input_shape[1:])
    return keras.Model(inputs=image, outputs=decoder(encoder(image)))"""

_WRAPPED: Final = """def joined(encoder, decoder):
    return keras.Sequential([keras.Input(shape=encoder.input_shape[1:]), keras.Sequential([encoder]), decoder])"""


def _joined(helper: str) -> Edit:
    return lambda draft: draft.joined("joined(encoder, decoder)", helper)


_SPANISH: Final = {
    "X_train": "imagenes_de_entrenamiento", "X_valid": "imagenes_de_validacion", "X_test": "imagenes_de_prueba",
    "X_train_full": "todas", "history": "historia", "CODE_SIZE": "TAMANO", "EPOCHS": "EPOCAS", "BATCH_SIZE": "LOTE",
    "points": "puntos", "hidden": "oculta", "image": "imagen",
}  # fmt: skip


def _spanish(draft: Draft) -> Draft:
    return draft.renamed(_SPANISH)


_OTHER_MODELS: Final = {"encoder": "codificador", "decoder": "decodificador", "autoencoder": "modelo"}


def _models_renamed(draft: Draft) -> Draft | None:
    """Give the models other names: they are found by role."""
    if not draft.mentions("autoencoder") or draft.mentions("encoder_1"):
        return None
    return draft.renamed(_OTHER_MODELS)


def _models_renamed_by_the_student(draft: Draft) -> Draft | None:
    """Leave the given cells unchanged; they then ask for models that do not exist."""
    if not draft.mentions("autoencoder") or draft.mentions("encoder_1"):
        return None
    return draft.renamed_by_the_student(_OTHER_MODELS)


def _imports(old: str, new: str) -> Edit:
    return lambda draft: draft.instead(old, new)


_TENSORFLOW: Final = "import tensorflow as tf\nfrom tensorflow import keras\nfrom tensorflow.keras import layers"


def _tensorflow(draft: Draft) -> Draft | None:
    edited = draft.instead("import keras\n", "")
    return None if edited is None else edited.instead("from keras import layers", _TENSORFLOW)


def _direct_names(draft: Draft) -> Draft | None:
    names = sorted({one.kind for one in draft.layers()})
    if not names:
        return None
    edited = draft.each_code(lambda source: re.sub(rf"\blayers\.({'|'.join(names)})\(", r"\1(", source))
    return edited.instead(
        "from keras import layers", f"from keras import layers\nfrom keras.layers import {', '.join(names)}"
    )


def _fit_option(name: str, code: str) -> Edit:
    return fits(lambda call: with_keyword(call, name, code))


def _patient(draft: Draft) -> Draft | None:
    stop = "[keras.callbacks.EarlyStopping(monitor='loss', patience=1000), keras.callbacks.TerminateOnNaN()]"
    return _fit_option("callbacks", stop)(draft)


def _own_validation(draft: Draft) -> Draft | None:
    """Let `fit` hold out a twentieth instead of the validation images."""

    def edit(call: cst.Call) -> cst.Call:
        if keyword(call, "validation_data") is None:
            return call
        return with_keyword(with_keyword(call, "validation_data", None), "validation_split", "0.05")

    return fits(edit)(draft) if draft.mentions("validation_data") else None


_STREAM: Final = """def stream(images, targets, size):
    import tensorflow as tf

    pairs = tf.data.Dataset.from_tensor_slices((np.asarray(images, "float32"), np.asarray(targets, "float32")))
    return pairs.shuffle(10_000).batch(size)"""


def _streamed(draft: Draft) -> Draft | None:
    def edit(call: cst.Call) -> cst.Call:
        images, targets = (text(one.value) for one in call.args[:2])
        size = keyword(call, "batch_size") or "32"
        others = [one for one in call.args[2:] if one.keyword is None or one.keyword.value != "batch_size"]
        arguments = ", ".join(text(one).strip().rstrip(",") for one in others)
        new = cst.parse_expression(f"{text(call.func)}(stream({images}, {targets}, {size}), {arguments})")
        assert isinstance(new, cst.Call)  # noqa: S101 - written as one
        return new

    edited = fits(edit)(draft)
    return None if edited is None else edited.prepared(_STREAM)


def _calibrated(variation: str, edit: Edit) -> Edit:
    """Return an edit for assignments whose reference was also calibrated with this variation.

    What it learns is known: the calibration trained it over several seeds, and its facts hold a curve only where such
    runs have full credit (`grader.rebuild.facts.summary`). Two steps of training show the rest.
    """

    def checked(draft: Draft) -> Draft | None:
        known = {run.variation for data in draft.facts.calibrated.values() for run in data.records}
        return edit(draft) if variation in known else None

    return checked


def _optimized(name: str) -> Edit:
    """Compile with another optimizer at Keras's default rate.

    Not where the solution chooses a rate: its reference was calibrated with rates of its own for each optimizer
    (`OTHER_OPTIMIZERS`), as Keras's would not train it to the end.
    """
    edit = _calibrated(name, optimizer(f'"{name}"'))
    return lambda draft: None if draft.mentions("learning_rate=LEARNING_RATE") else edit(draft)


def _batches_of(size: int) -> Edit:
    return _calibrated(f"batch-{size}", _fit_option("batch_size", str(size)))


def _twice(draft: Draft) -> Draft | None:
    """Call `fit` for two more epochs, like a student who is not satisfied with the curve."""
    if (
        draft.asks("comparison")
        or draft.asks("stages")
        or draft.asks("pretrained")
        or not draft.mentions("autoencoder.fit(")
    ):
        return None
    names = next(
        (
            one
            for one in (("X_train_noisy, X_train"), "X_train, X_train", "points, points")
            if draft.mentions(f"    {one},") or draft.mentions(f"fit({one}")
        ),
        None,
    )
    return (
        draft.after_statement("autoencoder.fit(", f"autoencoder.fit({names}, epochs=2, batch_size=32, verbose=0)")
        if names
        else None
    )


def _everything(draft: Draft) -> Draft | None:
    """Apply many rewritings at once, since one student's notebook differs from another's in many ways."""
    for edit in (
        _each_layer(_named),
        _each_layer(_reshape),
        _style(rewriting.functional),
        _joined(_SUBCLASS),
        _direct_names,
        _patient,
        _spanish,
    ):
        draft = edit(draft) or draft
    return draft.prepared(COLAB)


def _unchanged(draft: Draft) -> Draft:
    return draft


SOLUTION: Final = Equivalent("solution", message("the solution itself"), _unchanged, WHOLE)
"""The control: no equivalent can be expected to earn more."""

STYLES: Final = (
    Equivalent("functional", message("functional style in the place of Sequential"), _style(rewriting.functional)),
    Equivalent("nested-calls", message("layers called inside each other"), _style(rewriting.in_one_expression)),
    Equivalent("added", message("layers added one by one"), _style(rewriting.added_one_by_one)),
    Equivalent("loop", message("layers added in a loop"), _style(rewriting.in_a_loop)),
    Equivalent("input-layer", message("InputLayer in the place of Input"), _style(rewriting.with_input_layer)),
    Equivalent("input-shape", message("the first layer says its input_shape"), _style(rewriting.with_input_shape)),
    Equivalent("nested-deeper", message("models within models"), _style(rewriting.nested_deeper)),
    Equivalent("built-by-function", message("models made by functions"), _style(rewriting.by_a_function)),
    Equivalent("activations-apart", message("activations as layers of their own"), _style(_apart)),
    Equivalent(
        "activations-by-ops", message("activations as operations of keras.ops"), _style(rewriting.with_operations)
    ),
)
"""The same layers, put together in another way."""

LAYERS: Final = (
    Equivalent("layers-named", message("every layer has a name of its own"), _each_layer(_named)),
    Equivalent("activation-functions", message("activations as functions"), _each_layer(_activation_functions)),
    Equivalent(
        "reshape",
        message("Reshape in the place of Flatten"),
        lambda draft: _each_layer(_reshape)(draft) if draft.mentions("layers.Flatten()") else None,
    ),
    Equivalent("idle-layer", message("a layer that changes nothing"), _idle),
    Equivalent(
        "declared-length",
        message("a recurrent encoder whose input declares 28 steps"),
        instead("keras.Input(shape=(None, PIXELS_PER_STEP))", "keras.Input(shape=(STEPS, PIXELS_PER_STEP))"),
    ),
    Equivalent("cells", message("RNN of LSTM cells in the place of LSTM"), _cells),
)
"""Layers in other notations."""

JOINS: Final = (
    Equivalent("autoencoder-functional", message("the autoencoder in functional style"), _joined(_FUNCTIONAL)),
    Equivalent("autoencoder-subclass", message("the autoencoder as a class of its own"), _joined(_SUBCLASS)),
    Equivalent("halves-of-layers", message("halves made of trained layers, and never called"), uncalled_halves),
    Equivalent("autoencoder-wrapped", message("an autoencoder with the encoder one level deeper"), _joined(_WRAPPED)),
)
"""The autoencoder made of its halves in another way."""

RECIPES: Final = (
    Equivalent("adam", message("Adam"), _optimized("adam")),
    Equivalent("nadam", message("Nadam"), _optimized("nadam")),
    Equivalent("rmsprop", message("RMSprop"), _optimized("rmsprop")),
    Equivalent("batches-of-32", message("batches of 32"), _batches_of(32)),
    Equivalent("batches-of-64", message("batches of 64"), _batches_of(64)),
    Equivalent("batches-of-256", message("batches of 256"), _batches_of(256)),
    Equivalent("another-seed", message("another seed"), instead("set_random_seed(42)", "set_random_seed(7)")),
)
"""Trainings that the calibration did as well; two steps are enough to test the rest."""

NAMES: Final = (
    Equivalent("spanish-names", message("Spanish names for data and constants"), _spanish),
    Equivalent("models-renamed", message("other names for the three models"), _models_renamed),
    Equivalent(
        "models-renamed-in-own-cells",
        message("other names for the three models, but in the given cells"),
        _models_renamed_by_the_student,
    ),
)
"""Other names."""

IMPORTS: Final = (
    Equivalent("tensorflow-imports", message("imports from tensorflow.keras"), _tensorflow),
    Equivalent("direct-names", message("layers imported by name"), _direct_names),
    Equivalent(
        "layers-alias",
        message("keras.layers under another name"),
        lambda draft: (
            None
            if not draft.mentions("from keras import layers")
            else draft.renamed({"layers": "L"}).instead("from keras import L", "import keras.layers as L")
        ),
    ),
)
"""Other imports."""

TRAININGS: Final = (
    Equivalent("patient-stopping", message("early stopping with much patience"), _patient, WHOLE),
    Equivalent("own-validation", message("validation_split in the place of validation_data"), _own_validation, WHOLE),
    Equivalent("streamed", message("batches from tf.data"), _streamed, WHOLE),
    Equivalent("two-fits", message("fit called once more"), _twice, WHOLE),
    Equivalent("everything", message("many of these at once"), keras_only(_everything), WHOLE),
)
"""Trainings of other kinds, run to their end."""

ASPECTS: Final[tuple[tuple[Equivalent, ...], ...]] = (STYLES, LAYERS, JOINS, RECIPES, NAMES, IMPORTS, BESIDES, CELLS)
"""What is decided after two steps of training. One of each can share a notebook when their edits are made in this
order, as what looks for layers comes before what renames or moves them."""

EQUIVALENTS: Final[tuple[Equivalent, ...]] = (
    *(one for aspect in ASPECTS for one in aspect),
    *TRAININGS,
    *DATA_FORMS,
    *DRAWINGS,
    *NETWORKS,
)
"""All equivalents."""
