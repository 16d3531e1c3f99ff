"""A notebook that loads weights from a file gets advice on how to hand in, and no other one does."""

from __future__ import annotations

import pytest
from checks import builders
from grading_samples import in_english

from grader.audit.uploads import lacking_weights
from grader.domain.run import CellError

NOT_FOUND = [
    CellError(
        3, "FileNotFoundError", "[Errno 2] No such file or directory: '/content/drive/MyDrive/modelo.weights.h5'"
    ),
    CellError(3, "ValueError", "File not found: filepath=modelo.keras. Please ensure the file is accessible."),
    CellError(3, "OSError", "Unable to open file", line='autoencoder.load_weights("pesos.h5")'),
    CellError(3, "FileNotFoundError", "[Errno 2] No such file or directory: 'pesos.npy'"),
]


@pytest.mark.parametrize("error", NOT_FOUND)
def test_a_missing_file_of_weights_is_explained(error: CellError) -> None:
    """With the file's name and what to do."""
    found = lacking_weights(builders.raised(error), ())
    assert found is not None
    assert any(name in in_english(found) for name in ("modelo.weights.h5", "modelo.keras", "pesos.h5", "pesos.npy"))
    assert "Hand in the notebook with the cells that train." in in_english(found)


def test_weights_that_were_handed_in_beside_the_notebook_are_explained_as_well() -> None:
    """They are passed over, whether or not the notebook says so."""
    found = lacking_weights(builders.COMPLETED, ("foto.heic", "entrega/modelo.keras"))
    assert found is not None
    assert "entrega/modelo.keras" in in_english(found)


@pytest.mark.parametrize(
    "error",
    [
        CellError(3, "FileNotFoundError", "[Errno 2] No such file or directory: 'creditcard.csv'"),
        CellError(3, "FileNotFoundError", "[Errno 2] No such file or directory: 'mnist.npz'"),
        CellError(3, "NameError", "name 'h5' is not defined"),
    ],
)
def test_other_errors_are_not(error: CellError) -> None:
    """Data that are missing, and everything else."""
    assert lacking_weights(builders.raised(error), ()) is None
