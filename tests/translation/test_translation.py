"""What a translation leaves alone, what it refuses, and that it says no more and no less than the old code did."""

# ruff: noqa: S102, S311 - our own snippets are run

from __future__ import annotations

import random

import numpy as np
import pytest

from grader.domain.outdated import OldCode, SlowOptimizer
from grader.domain.submission import CodeCell, Notebook
from grader.translation.old_code import read_old_code

from .eras import ERAS, SESSIONS


def read(*sources: str) -> OldCode:
    """The old code of a notebook with these cells."""
    return read_old_code(Notebook(tuple(CodeCell(number, "", source) for number, source in enumerate(sources))))


def translated(*sources: str) -> str:
    """The last cell, translated."""
    return read(*sources).notebook.cells[-1].source


@pytest.mark.parametrize(
    "source",
    [
        "%matplotlib inline\n!pip install keras  # nb_epoch=\nfiles = !ls\nx?\n",
        "%%bash\npip install lr=3",
        "%%time\nx = 1\n",
        "this is no Python: np.Inf",
        "def f(:\n    np.Inf",
        "",
        "# comment   \n\n\nx  =  ( 1,2 , )\t# two\n",
        "import numpy as np\nx = np.inf + np.prod([1])  # np.Inf",
        "text = '''np.Inf\n!ls\n%time'''\r\nx=1",
        "x = " + "-" * 3000 + "1",
        "x = [" + "1," * 40_000 + "]",
    ],
)
def test_a_cell_without_old_code_is_the_same_object(source: str) -> None:
    """Byte for byte, whatever it is made of."""
    notebook = Notebook((CodeCell(0, "", source),))
    assert read_old_code(notebook).notebook is notebook


def test_everything_round_a_translation_is_kept() -> None:
    """Lines for IPython, comments, blank lines, odd spacing; the place is reported by cell and line."""
    old = read(
        "import numpy as np",
        "%%time\n!pip install x\n\nx  = [ np.Inf ,  # none yet\n  2]\n%time y = np.Inf\nz = !ls  \n",
    )
    assert old.notebook.cells[1].source == (
        "%%time\n!pip install x\n\nx  = [ np.inf ,  # none yet\n  2]\n%time y = np.inf\nz = !ls  \n"
    )
    assert [(one.cell_index, one.line, one.before, one.after, one.applied) for one in old.found] == [
        (1, 4, "np.Inf", "np.inf", True),
        (1, 6, "np.Inf", "np.inf", True),
    ]
    assert old.notebook.cells[0] is not None
    assert old.untranslated(Notebook(())).applied == ()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("import numpy as np", "np = Mine()\nnp.Inf"),
        ("from keras.optimizers import Adam", "def Adam(lr): return lr\nAdam(lr=1)"),
        ("class Adam:\n    pass", "Adam(lr=1)"),
        ("def fit_generator(a): pass", "m.fit_generator(1)"),
        ("import mykeras as keras", "keras.optimizers.Adam(lr=1)"),
        ("import numpy as np", "float = 3\nx = np.float"),
        ("class A:\n    def xrange(self): pass\nxrange = 3", "xrange(3)"),
        ("from sklearn.svm import SVC\nclf = SVC()", "clf.predict_proba(x)"),
        ("x = {}", "print(x['acc'])"),
        ("from keras.layers import Conv2D", "Conv2D(16, 3, 3, padding='same')"),
    ],
)
def test_a_name_that_may_mean_something_else_is_left_alone(first: str, second: str) -> None:
    """Only what surely is the library's is translated."""
    assert read(first, second).applied == ()


def test_decay_becomes_the_schedule_with_the_same_formula() -> None:
    """The rate falls as rate / (1 + decay · updates), as Keras computed it until 2.10."""
    import keras

    cell = translated("import keras", "rate = 0.2\nopt = keras.optimizers.SGD(lr=rate, decay=0.01, momentum=0.9)")
    assert cell == (
        "rate = 0.2\nopt = keras.optimizers.SGD(learning_rate=keras.optimizers.schedules.InverseTimeDecay(rate, 1, 0.01), "
        "momentum=0.9)"
    )
    names = {"keras": keras}
    exec(cell, names)
    rates = [float(names["opt"]._learning_rate(step)) for step in (0, 1, 100)]
    assert rates == pytest.approx([0.2 / (1 + 0.01 * step) for step in (0, 1, 100)])


def test_decay_is_left_where_a_callback_sets_the_rate() -> None:
    """A schedule cannot be set; Keras ignores the decay, which is said."""
    old = read(
        "from keras.optimizers import SGD\nfrom keras.callbacks import ReduceLROnPlateau\nReduceLROnPlateau()",
        "SGD(lr=1, decay=1e-3)",
    )
    assert old.notebook.cells[1].source == "SGD(learning_rate=1, decay=1e-3)"
    assert [one.applied for one in old.found] == [True, False]


def test_python_2_is_fixed_only_where_a_cell_does_not_parse() -> None:
    """A print that Python 3 takes says what it says; one that no rule covers leaves the cell as it is."""
    assert translated("print ('a'), 1") == "print ('a'), 1"
    assert (
        translated("if x: print 'a'\nprint 'b',  # c\nprint") == "if x: print('a')\nprint('b', end=\" \")  # c\nprint"
    )
    assert (
        translated("try:\n    f()\nexcept ValueError, e:\n    print e")
        == "try:\n    f()\nexcept ValueError as e:\n    print(e)"
    )
    assert translated("print >>f, 'a'") == "print >>f, 'a'"


def test_files_keep_one_name_in_all_cells() -> None:
    """What is saved under a new name is loaded under it; a file that is only loaded keeps its own."""
    old = read("path = 'w.hdf5'\nm.save_weights(path)", "m.load_weights('w.hdf5')\nm.load_weights('given.h5')")
    assert [cell.source for cell in old.notebook.cells] == [
        "path = 'w.weights.h5'\nm.save_weights(path)",
        "m.load_weights('w.weights.h5')\nm.load_weights('given.h5')",
    ]


def test_slow_optimizers_are_found_with_their_place() -> None:
    """Adadelta, Adagrad and SGD at the rate that they have where nobody states one."""
    old = read(
        "import keras\nm.compile(optimizer='adadelta')",
        "keras.optimizers.SGD()\nkeras.optimizers.Adadelta(learning_rate=1.0)",
    )
    assert old.slow == (SlowOptimizer(0, 2, "Adadelta", 0.001, 1.0), SlowOptimizer(1, 1, "SGD", 0.01, 0.01))


def test_an_old_default_rate_comes_back_only_where_the_time_is_certain() -> None:
    """`nb_epoch` was in Keras 1 alone, and Adadelta had a rate of 1.0 there; TensorFlow 2 had 0.001 as today."""
    keras_1 = read("import keras", "m.compile(optimizer='adadelta', loss='mse')\nm.fit(x, nb_epoch=3)")
    assert "keras.optimizers.Adadelta(learning_rate=1.0)" in keras_1.notebook.cells[1].source
    assert keras_1.still_slow == ()
    later = read("import keras", "m.compile(optimizer='adadelta', loss='mse')\nm.fit(x, epochs=3)")
    assert (later.applied, len(later.still_slow)) == ((), 1)


def test_a_symbolic_loss_has_the_value_that_its_tensors_say() -> None:
    """Without sampling the loss is a plain function of the images, computed here by NumPy; adding twice adds up."""
    import keras

    cells = read(
        "import keras\nfrom keras.layers import Input, Dense\nfrom keras.models import Model\nfrom keras import backend as K",
        "i = Input((6,))\nmean = Dense(2)(i)\no = Dense(6)(mean)\nvae = Model(i, o)\n"
        "loss = K.mean(K.sum(K.square(i - o), axis=-1))\nvae.add_loss(loss)\nvae.add_loss(0.5 * K.mean(K.square(mean)))\n"
        "vae.compile(optimizer='sgd')",
    ).notebook.cells
    names: dict[str, object] = {}
    for cell in cells:
        exec(cell.source, names)
    x = np.random.default_rng(1).random((32, 6)).astype("float32")
    vae, coder = names["vae"], keras.Model(names["i"], names["mean"])
    expected = np.mean(np.sum((x - vae.predict(x, verbose=0)) ** 2, axis=-1)) + 0.5 * np.mean(
        coder.predict(x, verbose=0) ** 2
    )
    assert vae.evaluate(x, verbose=0) == pytest.approx(expected, rel=1e-4)
    assert [layer.name for layer in vae.layers] == [layer.name for layer in keras.Model(names["i"], names["o"]).layers]


def test_a_loss_that_closes_over_tensors_has_the_value_that_it_says() -> None:
    """The tensors are those of the batch, also in a function that the loss calls; afterwards they are symbolic again."""
    import keras

    old = read(
        "import keras\nfrom keras.layers import Input, Dense\nfrom keras.models import Model\nfrom keras import backend as K",
        "i = Input((6,))\nmean = Dense(2)(i)\nvae = Model(i, Dense(6)(mean))\n"
        "def kl():\n    return K.sum(K.square(mean), axis=-1)\n"
        "def loss(y, p):\n    return K.mean(K.square(y - p), axis=-1) + kl()\nvae.compile(optimizer='sgd', loss=loss)",
    )
    names: dict[str, object] = {}
    for cell in old.notebook.cells:
        exec(cell.source, names)
    x = np.random.default_rng(1).random((32, 6)).astype("float32")
    vae, coder = names["vae"], keras.Model(names["i"], names["mean"])
    expected = np.mean((x - vae.predict(x, verbose=0)) ** 2) + np.mean(
        np.sum(coder.predict(x, verbose=0) ** 2, axis=-1)
    )
    assert vae.evaluate(x, x, verbose=0) == pytest.approx(expected, rel=1e-4)
    assert isinstance(names["mean"], keras.KerasTensor)


def test_a_closure_that_is_a_metric_too_is_refused() -> None:
    """A metric sees no inputs, so that nobody could give it the tensors of the batch."""
    old = read(
        "from keras.layers import Input, Dense\nfrom keras.models import Model\nimport tensorflow as tf",
        "i = Input((6,))\nz = Dense(2)(i)\nm = Model(i, Dense(6)(z))\n"
        "def kl(y, p):\n    return tf.reduce_sum(z)\nm.compile('sgd', loss=kl, metrics=[kl])",
    )
    assert (old.applied, [one.line for one in old.left]) == ((), [6])


@pytest.mark.parametrize("era", ERAS, ids=lambda era: era.name)
def test_a_translation_is_not_translated_again(era: object) -> None:
    """The second time nothing is left to do; what was refused is refused again."""
    once = read(*era.cells)
    twice = read_old_code(once.notebook)
    assert twice.notebook is once.notebook
    assert bool(once.applied) is (era is not SESSIONS)


def test_reading_never_fails() -> None:
    """Whatever a cell holds: a broken notebook is the student's, a broken grader ours."""
    alphabet = [
        "np.Inf",
        "print 'a'",
        "(",
        ")",
        "\n",
        "    ",
        "def f():",
        "%time ",
        "!ls",
        "lr=",
        "Adam(",
        "'''",
        "\\",
        ":",
        "é",
        "\x00",
        "add_loss(",
    ]
    for seed in range(150):
        rng = random.Random(seed)
        read("from keras.optimizers import Adam", "".join(rng.choice(alphabet) for _ in range(rng.randint(1, 25))))
