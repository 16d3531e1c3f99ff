"""What a traceback and the source of a cell say of an error: whose code raised, what the cell was about."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from grader.domain.run import CellError, LackedName, RaisedBy
from grader.domain.submission import CodeCell
from grader.sandbox.circumstances import with_circumstances

KERAS_FRAME = "\nFile /env/lib/python3.11/site-packages/keras/src/utils/traceback_utils.py:122, in error_handler(*args)\n--> 122 raise e"
OWN_FRAME = "\nCell In[2], line 2, in todo()\n      1 def todo():\n----> 2     raise NotImplementedError"


def read(error: CellError, traceback: str, cells: Sequence[CodeCell]) -> CellError:
    """One error of a run."""
    return with_circumstances((error,), (traceback,), tuple(cells))[0]


def raised_in(source: str, line: int, *, name: str = "ValueError", text: str = "no", after: str = "") -> CellError:
    """The error of a cell that raised in one of its lines."""
    traceback = f"{name}   Traceback (most recent call last)\nCell In[1], line {line}\n----> {line} {source.splitlines()[line - 1]}\n{after}\n\n{name}: {text}"
    return read(CellError(0, name, text), traceback, [CodeCell(0, "", source)])


@pytest.mark.parametrize(
    ("frames", "raised_by", "package"),
    [
        ("", RaisedBy.NOTEBOOK, ""),
        (KERAS_FRAME, RaisedBy.LIBRARY, "keras"),
        (KERAS_FRAME + OWN_FRAME, RaisedBy.NOTEBOOK, ""),
        (OWN_FRAME + KERAS_FRAME, RaisedBy.LIBRARY, "keras"),
        ("\nFile /content/helpers.py:3, in f()\n----> 3 raise ValueError", RaisedBy.NOTEBOOK, ""),
        (
            KERAS_FRAME + "\nFile /opt/probe/data_files.py:71, in open_or_known(file)\n--> 71 raise",
            RaisedBy.LIBRARY,
            "keras",
        ),
        ("\nFile h5py/_objects.pyx:54, in h5py._objects.with_phil.wrapper()", RaisedBy.LIBRARY, "h5py"),
        ("\nFile <timed exec>:3", RaisedBy.NOTEBOOK, ""),
        ("\nFile /usr/lib/python3.11/json/decoder.py:355, in f(a)\n--> 355 raise", RaisedBy.PYTHON, ""),
    ],
)
def test_the_innermost_frame_says_who_raised(frames: str, raised_by: RaisedBy, package: str) -> None:
    """A cell, a module beside the notebook, an installed package or Python itself."""
    error = raised_in("f()", 1, after=frames)
    assert (error.raised_by, error.package) == (raised_by, package)


def test_a_traceback_that_says_nothing_is_unknown() -> None:
    """The kernel writes it, and may write anything."""
    error = read(CellError(0, "ValueError", "no"), "nothing", [CodeCell(0, "", "f()")])
    assert error.raised_by is RaisedBy.UNKNOWN


@pytest.mark.parametrize(
    ("source", "line", "stops"),
    [
        ("history = m.fit(x,\n    x)", 1, True),
        ("history = m.fit(x,\n    x)", 2, True),
        ("tb = TensorBoard()\nm.fit(x, x)", 1, True),
        ("%%time\nm.fit(x, x)", 2, True),
        ("m.fit(x, x)\nm.save('a')", 2, False),
        ("def train():\n    m.fit(x)\nplot()", 3, False),
        ("for x in data:\n    opt.apply_gradients(g)", 1, True),
        ("m.compile()", 1, False),
    ],
)
def test_a_cell_that_raised_before_or_in_its_training_has_stopped_it(source: str, line: int, *, stops: bool) -> None:
    """What a cell does after its training takes nothing from it."""
    assert raised_in(source, line).stops_training is stops


def test_a_function_that_trains_is_seen_in_the_traceback() -> None:
    """The cell itself only calls `train()`."""
    inner = "\nCell In[1], line 2, in train()\n      1 def train():\n----> 2     m.fit(x, x)"
    assert raised_in("train()", 1, after=inner).stops_training is True


def test_a_cell_that_python_cannot_read_has_stopped_its_training() -> None:
    """Nothing of it was run."""
    source = "m.fit(x, x"
    error = read(CellError(0, "SyntaxError", "never closed"), "", [CodeCell(0, "", source)])
    assert error.stops_training is True


@pytest.mark.parametrize(
    ("source", "line", "text", "asks"),
    [
        ("name = tf.test.gpu_device_name()\nif name != '/device:GPU:0':\n    raise SystemError('not found')", 3, "not found", True),
        ("gpus = tf.config.list_physical_devices('GPU')\nassert len(gpus) > 0", 2, "", True),
        ("gpus = tf.config.list_physical_devices('GPU')\nprint(gpus[0])", 2, "list index out of range", True),
        ("tpu = tf.distribute.cluster_resolver.TPUClusterResolver()", 1, "Please provide a TPU Name to connect to.", True),
        ("check()", 1, "Turn the GPU on", True),
        ("print(tf.config.list_physical_devices('GPU'))\nf()", 2, "wrong", False),
        ("f()\nprint(tf.config.list_physical_devices('GPU'))", 1, "wrong", False),
        ("(x, _), _ = load()\nx.reshape(1)", 2, "cannot reshape", False),
    ],
)  # fmt: skip
def test_a_search_for_a_gpu_is_known_by_what_it_looks_at(source: str, line: int, text: str, *, asks: bool) -> None:
    """The statement that raised looks for one, or at what an earlier one found; a mere print beside it is none."""
    assert raised_in(source, line, text=text).asks_for_accelerator is asks


def test_a_missing_name_keeps_its_makers() -> None:
    """All that is known of an error stands in one place."""
    cells = [CodeCell(0, "", "a = f()"), CodeCell(1, "", "a")]
    error = read(CellError(1, "NameError", "name 'a' is not defined"), "", cells)
    assert error.lacked == LackedName("a", (0,))


@pytest.mark.parametrize(
    ("above", "fetching"),
    [
        ("!wget https://example.org/data.zip\n!unzip data.zip", True),
        ("files = !curl -O https://example.org/a.csv", True),
        ("%%bash\ngit clone https://example.org/a.git", True),
        ("# !wget https://example.org/data.zip", False),
        ("wget = 3\n100 %  curly", False),
    ],
)
def test_a_cell_below_one_that_fetches_may_miss_what_was_to_be_fetched(above: str, *, fetching: bool) -> None:
    """The file has the name of what was in an archive, so that no name is compared."""
    cells = [CodeCell(0, "", above), CodeCell(1, "", "open('a.csv')")]
    error = read(CellError(1, "FileNotFoundError", "No such file: 'a.csv'"), "", cells)
    assert error.after_fetching is fetching
