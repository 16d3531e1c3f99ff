"""Wrong answers about stages, pretraining, frauds, comparisons and a network without libraries; notebooks that stop."""

from __future__ import annotations

import re
from typing import Final

from grader.domain.messages import message
from grader.validation.drafts import Draft
from grader.validation.family_mutants import instead
from grader.validation.operators import LEARNT, Edit, Mutant, Training
from grader.validation.syntax import text, with_keyword, with_position

WHOLE: Final = Training.WHOLE


def _at_the_end(source: str) -> Edit:
    return lambda draft: draft.added(source)


def _after_training(source: str) -> Edit:
    return lambda draft: (
        draft.after_statement("autoencoder.fit(", source) or draft.after_statement("EPOCHS + 1", source)
    )


# Unfinished notebooks


def _rest_unfinished(draft: Draft) -> Draft | None:
    """Stop after the two halves: the cell that joins them still raises, and the cells below it echo that."""
    cell = next((one for one in draft.code_cells if re.search(r"^autoencoder = ", one.source, re.MULTILINE)), None)
    halves = [re.compile(rf"^{name} = ", re.MULTILINE) for name in ("encoder", "decoder")]
    before = "\n".join(one.source for one in draft.code_cells if one is not cell)
    if cell is None or draft.asks("comparison") or draft.asks("stages") or draft.asks("pretrained"):
        return None
    if not all(half.search(before) and not half.search(cell.source) for half in halves):
        return None
    return draft.with_source(cell.cell_id, 'raise NotImplementedError("Complete this cell")')


# Stages and pretraining


_JOINED: Final = 'keras.Sequential([encoder, decoder], name="autoencoder")\n'
_FORGOTTEN: Final = """for model in (encoder, decoder):
    random = np.random.default_rng(3)
    model.set_weights([random.normal(0, 0.05, array.shape) for array in model.get_weights()])
"""


def _new_stack(draft: Draft) -> Draft | None:
    """Give the stack weights of its own, as one that was built anew has."""
    return draft.instead(_JOINED, _JOINED + _FORGOTTEN) if draft.asks("stages") else None


def _stage_not_trained(name: str) -> Edit:
    def edit(draft: Draft) -> Draft | None:
        if not draft.asks("stages"):
            return None
        return draft.with_calls(
            "fit",
            lambda call: with_position(
                with_position(
                    with_keyword(with_keyword(call, "epochs", "1"), "steps_per_epoch", "1"),
                    0,
                    f"{text(call.args[0].value)}[:32]",
                ),
                1,
                f"{text(call.args[1].value)}[:32]",
            ),
            of=name,
        )

    return edit


def _together(draft: Draft) -> Draft | None:
    """Make new layers of the right sizes and train the whole stack at once."""
    if not draft.asks("stages"):
        return None
    return draft.after_statement("autoencoder = keras.Sequential([encoder, decoder]", _TOGETHER)


_TOGETHER: Final = """encoder = keras.models.clone_model(encoder)
decoder = keras.models.clone_model(decoder)
autoencoder = keras.Sequential([encoder, decoder])
autoencoder.compile(optimizer="nadam", loss="mse")
autoencoder.fit(X_train, X_train, epochs=EPOCHS, batch_size=BATCH_SIZE, verbose=0)"""


# Frauds


def _fraud(old: str, new: str) -> Edit:
    return lambda draft: draft.instead(old, new) if draft.asks("average_precision") else None


def _label_among_features(draft: Draft) -> Draft | None:
    """Keep the label; a column that is the same for all normal rows keeps its size, as in scikit-learn's scaler."""
    leaky = _fraud("np.log1p(amount)])", 'values[:, [COLUMNS.index("Class")]]])')(draft)
    if leaky is None:
        return None
    return leaky.instead("rows.std(axis=0))", "np.where(rows.std(axis=0) == 0, 1, rows.std(axis=0)))")


# Comparisons


_INVENTED: Final = """def invented(numbers):
    return {name: invented(one) if isinstance(one, dict) else one / 2 for name, one in numbers.items()}


comparison = invented(comparison)"""


def _invented(draft: Draft) -> Draft | None:
    return draft.after_statement("comparison = {", _INVENTED) if draft.asks("comparison") else None


def _one_network(draft: Draft) -> Draft | None:
    return draft.instead('NAMES = ("sgd", "adam", "adadelta")', 'NAMES = ("adam",)') or (
        draft.instead('NAMES = ("mse", "mae", "binary_crossentropy")', 'NAMES = ("mse",)')
    )


# A network without libraries


def _scratch(old: str, new: str) -> Edit:
    return lambda draft: draft.instead(old, new) if draft.asks("arrays") else None


LESSONS: Final = (
    Mutant(
        "rest-unfinished",
        message("a right encoder and decoder, and nothing after them"),
        _rest_unfinished,
        ("models", "composition"),
        (
            "runs",
            "bottleneck",
            "noise_layer",
            *LEARNT,
        ),
    ),
    Mutant(
        "stack-not-carried",
        message("a stack with weights of its own"),
        _new_stack,
        ("stages",),
        ("reconstruction", "composition"),
    ),
    Mutant(
        "stack-trained-whole",
        message("a new stack trained as a whole"),
        _together,
        ("stages",),
        ("reconstruction", "composition"),
        WHOLE,
    ),
    Mutant(
        "first-stage-untrained",
        message("a first stage that hardly trained"),
        _stage_not_trained("autoencoder_1"),
        ("stages",),
        ("reconstruction",),
        WHOLE,
    ),
    Mutant(
        "second-stage-untrained",
        message("a second stage that hardly trained"),
        _stage_not_trained("autoencoder_2"),
        ("stages",),
        ("reconstruction",),
        WHOLE,
    ),
    Mutant(
        "encoder-not-carried",
        message("a classifier with a new encoder"),
        instead("pretrained.set_weights(encoder.get_weights())\n", ""),
        ("pretrained",),
        ("accuracy",),
    ),
    Mutant(
        "labels-misplaced",
        message("labels that belong to other images"),
        instead("X_labelled, y_labelled, epochs=", "X_labelled, y_labelled[::-1], epochs="),
        ("accuracy",),
        ("pretrained",),
        WHOLE,
    ),
    Mutant(
        "classifier-linear",
        message("a classifier without softmax"),
        instead('layers.Dense(CLASSES, activation="softmax", name="classes")', "layers.Dense(CLASSES)"),
        ("classifier",),
        ("accuracy", "pretrained", "runs"),
    ),
    Mutant(
        "trained-on-frauds",
        message("trained on frauds alone"),
        _fraud('COLUMNS.index("Class")] == 0]', 'COLUMNS.index("Class")] == 1]'),
        ("average_precision",),
        ("features",),
        WHOLE,
    ),
    Mutant(
        "label-among-features",
        message("the label among the columns"),
        _label_among_features,
        ("features", "average_precision"),
        training=WHOLE,
    ),
    Mutant(
        "too-few-columns",
        message("half of the columns"),
        _fraud("values[:, 1:29]", "values[:, 1:15]"),
        ("features", "average_precision"),
        ("bottleneck", "models", "shapes"),
        WHOLE,
    ),
    Mutant(
        "columns-not-scaled",
        message("columns of very different size"),
        _fraud("return ((rows - self.mean) / self.deviation).astype(np.float32)", "return rows.astype(np.float32)"),
        ("average_precision",),
        ("features",),
        WHOLE,
    ),
    Mutant("numbers-invented", message("a table with numbers of its own"), _invented, ("comparison",)),
    Mutant(
        "one-network", message("a comparison of one network"), _one_network, ("comparison",), ("runs", "reconstruction")
    ),
    Mutant(
        "scratch-without-relu",
        message("no activation on the code"),
        _scratch("result = np.maximum(values, 0)", "result = values"),
        ("layers",),
        ("runs", "reconstruction"),
    ),
    Mutant(
        "scratch-without-sigmoid",
        message("no activation on the output"),
        _scratch("images = sigmoid(codes @ w2 + b2)", "images = codes @ w2 + b2"),
        ("layers",),
        ("runs", "reconstruction"),
    ),
    Mutant(
        "scratch-code",
        message("a code of as many numbers as pixels"),
        _scratch("CODE_SIZE = 32", "CODE_SIZE = 784"),
        ("code_size",),
        ("reconstruction", "runs"),
    ),
    Mutant(
        "scratch-no-step",
        message("a descent that changes nothing"),
        _scratch("array[...] = array + moving", "array[...] = array"),
        ("reconstruction",),
        ("runs",),
    ),
    Mutant(
        "scratch-uphill",
        message("gradients with the wrong sign"),
        _scratch("d_a2 = (output - images) / images.size", "d_a2 = (images - output) / images.size"),
        ("reconstruction",),
        ("runs", "layers", "arrays", "code_size"),
        WHOLE,
    ),
    Mutant(
        "forbidden-import",
        message("a library that the assignment does without"),
        lambda draft: draft.prepared("from sklearn.decomposition import PCA") if draft.assignment.imports else None,
        ("imports",),
        ("runs",),
    ),
    Mutant(
        "error-at-the-end",
        message("a last cell that fails"),
        _at_the_end("raise ValueError('the plot does not work')"),
        ("runs",),
        always=True,
    ),
    Mutant(
        "own-exit",
        message("os._exit in the middle"),
        _after_training("import os\n\nos._exit(0)"),
        ("runs",),
        (
            "comparison",
            "classifier",
            "pretrained",
            "accuracy",
            "reconstruction",
            "stages",
            "models",
            "composition",
            "bottleneck",
            "code_size",
            "shapes",
            "layers",
            "arrays",
        ),
        always=True,
    ),
)
"""Wrong answers of single assignments, and notebooks that do not run."""
