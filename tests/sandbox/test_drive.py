"""An empty Drive to write to, quiet modules where none is installed: what notebooks from Colab take for granted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sandbox_here import make_sandbox

from grader.domain.run import Limits
from grader.domain.submission import CodeCell, Notebook
from grader.extraction.claims import collect
from reference import data

LIMITS = Limits(cell_seconds=90, notebook_seconds=180, memory_mib=2048, processes=128, work_mib=128, file_mib=64)

CELLS = (
    "from google.colab import drive\ndrive.mount('/content/drive')\n%cd -q /content/drive/MyDrive/tarea/uno",
    (
        "import os\nassert os.getcwd() == '/content/drive/MyDrive/tarea/uno'\nopen('notas.txt', 'w').write('x')\n"
        "assert open('/content/drive/My Drive/tarea/uno/notas.txt').read() == 'x'"
    ),
    (
        "import numpy as np\nnp.save('/content/drive/MyDrive/otra/a.npy', np.zeros(3))\n"
        "assert np.load('/content/drive/MyDrive/otra/a.npy').shape == (3,)\n"
        "os.makedirs('/content/drive/MyDrive/m/n')\nos.mkdir('/content/drive/MyDrive/q/r')"
    ),
    "import pandas as pd\npd.DataFrame({'a': [1]}).to_csv('/content/drive/MyDrive/tablas/x.csv')",
    "import h5py\nh5py.File('/content/drive/MyDrive/pesos/a.h5', 'w').close()",
    "drive.mount('/gdrive')\n%cd -q /gdrive/MyDrive/vieja\nopen('a.txt', 'w').write('1')",
    "assert not os.path.exists('/content/drive/MyDrive/nada')\nopen('/content/drive/MyDrive/nada/x.csv')",
    "os.listdir('/content/drive/MyDrive/nada')",
    "open('/content/elsewhere/x.csv', 'w')",
    (
        "table = pd.read_csv('/content/sample_data/mnist_train_small.csv', header=None)\n"
        "assert table.shape[1] == 785 and table[0].max() == 9"
    ),
    "%load_ext tensorboard\n%tensorboard --logdir logs",
    "import wandb, visualkeras\nwandb.init(project='a').log({'x': 1})\nfor _ in wandb.Api().runs(): pass",
    "import torch_of_nobody",
)


def test_a_drive_is_there_to_write_to_and_never_makes_up_a_file(tmp_path: Path) -> None:
    """A folder is made when the notebook enters it or writes to it; what is only read or listed stays missing."""
    np.savez(tmp_path / "mnist.npz", **data.kernel_view(data.load("mnist", size="sample")))
    files = {"mnist": tmp_path / "mnist.npz"}
    notebook = Notebook(tuple(CodeCell(index, "", source) for index, source in enumerate(CELLS)))
    record = make_sandbox("bubblewrap", files).run(notebook, LIMITS, tmp_path / "run" / "exchange")
    assert [(error.cell_index, error.name) for error in record.errors] == [
        (6, "FileNotFoundError"),
        (7, "FileNotFoundError"),
        (8, "FileNotFoundError"),
        (12, "ModuleNotFoundError"),
    ]
    requests = collect(tmp_path / "run" / "exchange", tmp_path / "vetted").requests
    assert {"%load_ext tensorboard", "%tensorboard --logdir logs", "import wandb", "import visualkeras"} <= {*requests}
