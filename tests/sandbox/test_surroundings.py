"""A real kernel in the sandbox finds what notebooks written for Colab expect, and what was trained survives later errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from grader.domain.run import DefinedBelow, Limits
from grader.domain.submission import CodeCell, Notebook
from grader.extraction.claims import collect
from grader.sandbox.backends import BubblewrapSandbox
from grader.sandbox.bubblewrap import SandboxUnavailableError, find_bubblewrap
from reference import data

LIMITS = Limits(cell_seconds=200, notebook_seconds=500, memory_mib=3000, work_mib=128, file_mib=64)

PLACES = (
    "creditcard.csv", "data/creditcard.csv", "/content/drive/MyDrive/Mi unidad/creditcard.csv",
    "../input/creditcardfraud/creditcard.csv",
    "https://storage.googleapis.com/download.tensorflow.org/data/creditcard.csv",
)  # fmt: skip

CELLS = (
    f"import numpy as np, pandas as pd\nfor place in {PLACES!r}:\n    assert pd.read_csv(place).shape == (2, 3), place",
    "assert open('datos/creditcard.csv').readline().startswith('Time')\nassert len(np.load('data/mnist.npz').files) == 4",
    (
        "from google.colab import auth, drive, files, userdata\nimport io\ndrive.mount('/content/drive')\n"
        "open('/content/drive/MyDrive/notes.txt', 'w').write('x')\nuploaded = files.upload()\n"
        "assert pd.read_csv(io.BytesIO(uploaded['creditcard.csv'])).shape == (2, 3)\n"
        "auth.authenticate_user()\nassert userdata.get('KEY') == ''\nfiles.download('notes.txt')"
    ),
    (
        "import urllib.request\nurllib.request.urlretrieve('https://s3.amazonaws.com/img-datasets/mnist.npz', 'm.npz')\n"
        "assert len(np.load('m.npz').files) == 4\n"
        "try:\n    urllib.request.urlopen('http://yann.lecun.com/exdb/mnist/train-images-idx3-ubyte.gz')\n"
        "except OSError as error:\n    assert 'there is no network' in str(error)"
    ),
    (
        "import matplotlib.pyplot as plt\nfor _ in range(80):\n    plt.figure()\nassert len(plt.get_fignums()) == 64\n"
        "plt.show()\nassert plt.get_fignums() == []\nplt.pause(60)"
    ),
    "%matplotlib inline\nplt.imshow(np.zeros((28, 28)))",
    "assert plt.get_fignums() == []\nplt.plot([1, 2])\nplt.savefig('a.png')\nassert open('a.png', 'rb').read(4) == b'\\x89PNG'",
    (
        "import tensorflow_datasets as tfds\n"
        "(train, test), info = tfds.load('mnist', split=['train', 'test'], as_supervised=True, with_info=True)\n"
        "assert info.splits['train'].num_examples == len(train)\nassert next(iter(train))[0].shape == (28, 28, 1)"
    ),
    (
        "import keras\nfrom tensorflow.keras.utils import get_file, plot_model\n"
        "model = keras.Sequential([keras.layers.Dense(4), keras.layers.Dense(784)])\n"
        "model.compile('adam', 'mse')\n"
        "batches = train.map(lambda x, y: (x, x)).batch(64).map(lambda x, y: (keras.ops.reshape(x, (-1, 784)),) * 2)\n"
        "model.fit(batches.take(2), epochs=1, verbose=0)\nplot_model(model, to_file='model.png', show_shapes=True)\n"
        "from IPython.display import Image\nImage('model.png')\nassert get_file('mnist.npz', 'https://x.org/m').endswith('mnist.npz')"
    ),
    "autoencoder = model\nmodel = keras.Sequential([keras.layers.Dense(3)])",
    "later",
    "later = 1\ninput('?')",
)


@pytest.mark.slow
def test_a_notebook_written_for_colab_runs_and_its_model_survives_what_fails_later(tmp_path: Path) -> None:
    """One kernel, real Keras, all that real notebooks ask of their surroundings; what was left out is noted."""
    folder = tmp_path / "published"
    folder.mkdir()
    np.savez(folder / "mnist.npz", **data.kernel_view(data.load("mnist", size="sample")))
    (folder / "creditcard.csv").write_text("Time,V1,Class\n0,0.5,0\n1,2.5,1\n", encoding="utf-8")
    published = {"mnist": folder / "mnist.npz", "creditcard": folder / "creditcard.csv"}
    try:
        sandbox = BubblewrapSandbox(find_bubblewrap(), published, threads=1)
    except SandboxUnavailableError as error:
        pytest.skip(f"no sandbox on this machine: {error.reason.msgid}")
    cells = tuple(CodeCell(index, "", source, "", 20 - index) for index, source in enumerate(CELLS))
    exchange = tmp_path / "run" / "exchange"
    record = sandbox.run(Notebook(cells), LIMITS, exchange)
    assert [(error.cell_index, error.name) for error in record.errors] == [
        (10, "NameError"), (11, "StdinNotImplementedError"),
    ]  # fmt: skip
    assert record.errors[0].defined_below == DefinedBelow("later", 11, 10, 9)
    evidence = collect(exchange, tmp_path / "vetted")
    (fit,) = evidence.fits
    assert (fit.names, fit.samples, fit.batch_size, fit.completed) == (("model",), 128, 64, True)
    assert next(claim for claim in evidence.models if claim.model == fit.model).names == ("autoencoder",)
    for asked in ("google.colab.drive.mount()", "google.colab.files.upload()", "plot_model (no graphviz here)"):
        assert asked in evidence.requests
    assert f"{PLACES[1]} -> creditcard.csv" in evidence.requests
