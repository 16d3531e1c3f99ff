"""A check leaves the student's Keras as it found it."""

from __future__ import annotations

import random
import subprocess
import sys

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from notebook_cells import StudentNotebook, three


def test_a_check_changes_nothing_of_the_student(notebook: StudentNotebook) -> None:
    """Weights, optimizer, flags, connections, random numbers of four sources and automatic names are as before."""
    notebook.names |= three()
    whole = notebook.names["autoencoder"]
    notebook.names["encoder"].layers[1].trainable = False
    whole.compile(optimizer="nadam", loss="mse")
    images = np.random.default_rng(2).random((32, 28, 28), np.float32)
    whole.fit(images, images, verbose=0)
    before = state(whole)
    expected = seeded_numbers(lambda: None)
    found = seeded_numbers(lambda: notebook.ask('grader.check("all")'))
    assert found == expected
    assert same(state(whole), before)
    assert keras.Sequential([notebook.names["encoder"], notebook.names["decoder"]]).predict(images, verbose=0).any()


def state(whole: keras.Model) -> list[object]:
    """All that a model is, as far as a check could spoil it."""
    parts = list(whole._flatten_layers())
    return [
        [np.array(keras.ops.convert_to_numpy(variable)) for variable in (*whole.weights, *whole.optimizer.variables)],
        [part.trainable for part in parts],
        [part.built for part in parts],
        [(len(part._inbound_nodes), len(part._outbound_nodes)) for part in parts],
        keras.backend.floatx(),
    ]


def same(first: list[object], second: list[object]) -> bool:
    """Compare two states, arrays number by number."""
    arrays, others = first[0], first[1:]
    return all(map(np.array_equal, arrays, second[0])) and others == second[1:]


def seeded_numbers(between) -> list[object]:
    """Random numbers of every source after a seed, and the name of the next layer, with something done between."""
    keras.utils.set_random_seed(7)
    layers.Dense(1)
    counter = int(layers.Dense(1).name.rpartition("_")[2])
    between()
    name = layers.Dense(1).name
    return [
        random.random(),  # noqa: S311 - the student's
        float(np.random.rand()),
        float(tf.random.uniform(())),
        float(keras.random.uniform(())),
        int(name.rpartition("_")[2]) - counter,
    ]


def test_tracing_a_class_of_the_students_own_leaves_no_connections(notebook: StudentNotebook) -> None:
    """A second symbolic call would take `layer.output` away from the student."""
    notebook.run(
        "class Encoder(keras.Model):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.parts = [layers.Flatten(), layers.Dense(100, 'relu'), layers.Dense(30, 'relu')]\n"
        "    def call(self, x):\n"
        "        for part in self.parts:\n"
        "            x = part(x)\n"
        "        return x\n"
        "encoder = Encoder()\n"
        "encoder(keras.ops.zeros((1, 28, 28)))\n"
    )
    parts = list(notebook.names["encoder"]._flatten_layers())
    before = [len(part._inbound_nodes) for part in parts]
    assert notebook.ask('grader.check("encoder")').passed
    assert [len(part._inbound_nodes) for part in parts] == before


def test_importing_the_package_imports_nothing_else() -> None:
    """`import grader` is instant; `check` and `use` come when they are asked for, and nothing else does."""
    source = (
        "import sys; before = set(sys.modules); import grader; "
        "print(sorted({n.partition('.')[0] for n in set(sys.modules) - before} - set(sys.stdlib_module_names))); "
        "print(callable(grader.check), callable(grader.use), 'tensorflow' in sys.modules, hasattr(grader, 'chek'))"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["['grader']", "True True False False"]
