"""The images that decide the reconstruction points are nowhere in what a kernel sees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from laboratory import BUBBLEWRAP, QUICK, make_sandbox, run

from grader.domain.datasets import DataSize
from grader.domain.run import RunStatus
from grader.rebuild.client import MeasuringProcesses
from reference import data

DATASETS = ("mnist", "fashion_mnist")
ROOMY = replace(QUICK, cell_seconds=90.0, notebook_seconds=120.0, memory_mib=4096, processes=512)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    """Let zone M lay out the public data, as a session does."""
    folder = tmp_path_factory.mktemp("published")
    with MeasuringProcesses(data_size=DataSize.SAMPLE) as measurer:
        yield {name: measurer.publish(name, folder).file for name in DATASETS}


def rows(images: np.ndarray) -> set[bytes]:
    return {image.tobytes() for image in images}


@pytest.mark.parametrize("name", DATASETS)
def test_no_hidden_image_is_published(published: dict[str, Path], name: str) -> None:
    """Bytes of hidden images occur neither among the test nor among the training images of the published file."""
    full = data.load(name, size="sample")
    hidden = rows(full.x_test[full.hidden]) - rows(full.x_test[full.public]) - rows(full.x_train)
    with np.load(published[name]) as arrays:
        visible = {key: arrays[key] for key in arrays.files}
    assert len(hidden) > 0.99 * len(full.hidden)  # some images of the sets are twice in them
    assert hidden & (rows(visible["x_test"]) | rows(visible["x_train"])) == set()
    assert {key: array.shape for key, array in visible.items()} == {
        key: getattr(full, key).shape for key in ("x_train", "y_train", "x_test", "y_test")
    }


def test_the_kernel_loads_what_was_published(published: dict[str, Path], tmp_path: Path) -> None:
    """`load_data()` works without network, with the official shapes, and gives the published arrays and no others."""
    cells = [
        "import hashlib, os\nimport numpy as np\nfrom tensorflow import keras",
        *(
            f"(x_train, y_train), (x_test, y_test) = keras.datasets.{name}.load_data()\n"
            f"with np.load('/opt/datasets/{path.name}') as published:\n"
            "    for key, array in dict(x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test).items():\n"
            "        assert np.array_equal(array, published[key]), key\n"
            "assert x_train.shape[1:] == x_test.shape[1:] == (28, 28) and x_train.dtype == np.uint8"
            for name, path in published.items()
        ),
        f"assert sorted(os.listdir('/opt/datasets')) == {sorted(path.name for path in published.values())}",
        (
            "model = keras.Sequential([keras.layers.Dense(4, activation='relu')])\nmodel.compile(loss='mse')\n"
            "history = model.fit(np.ones((8, 4)), np.ones((8, 4)), verbose=0)"
        ),
    ]
    outcome = run(make_sandbox(BUBBLEWRAP, published), cells, tmp_path, ROOMY)
    assert (outcome.record.status, outcome.record.errors) == (RunStatus.COMPLETED, ())
    evidence = outcome.evidence()
    assert [(fit.samples, fit.completed) for fit in evidence.fits] == [(8, True)]
    assert evidence.weights_file is not None
