"""Card transactions for fraud detection: the real `creditcard.csv` where the user has it, else a seeded simulation.

Columns: Time (seconds since the first row), V1 … V28 (anonymous numbers), Amount, Class (1 fraud, 0 normal). The real
file has 284,807 rows of two days of September 2013 with 492 frauds (0.172 %); it may not be shipped with this product
(Dal Pozzolo, Caelen, Johnson and Bontempi, "Calibrating probability with undersampling for unbalanced classification",
2015). **Simulated rows say so**: `CardData.simulated` is True and `source` begins with "simulated".

How a row is simulated: a customer has seven habits h, each uniform with mean 0 and variance 1. V1 … V7 are the habits
and V8 … V28 the 21 products of two different ones, each with some noise of its own; the spread falls from V1 to V28 as
in the real file. All 28 columns are uncorrelated, so that no linear method sees how they hang together; a network
can. Two frauds in three are *patched together*: each V comes from one of two customers, by the toss of a coin, so that
every column and every correlation looks normal and only the products do not fit their habits. The third is crude: V10,
V12, V14 and V17 are far below normal, the columns that move most in the real file.

What the simulation is not: a model of real frauds. A grade or a figure from it says how well an autoencoder finds rows
that break the pattern of the others, nothing about cards.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

COLUMNS = ("Time", *(f"V{number}" for number in range(1, 29)), "Amount", "Class")
FILE_NAME = "creditcard.csv"
FULL_ROWS = 284_807
SAMPLE_ROWS = 40_000
FRAUD_RATE = 492 / 284_807

_HABITS = 7
_NOISE = 0.2  # of each V, in units of its own spread
_LARGEST_SPREAD, _SMALLEST_SPREAD = 1.96, 0.33  # of V1 and V28 in the real file
_CRUDE_SHARE = 1 / 3
_CRUDE_COLUMNS = (9, 11, 13, 16)  # V10, V12, V14, V17
_CRUDE_SHIFT = -5.0  # in units of the column's spread
_SECONDS_OF_TWO_DAYS = 172_800
_SEED = 42
_HIDDEN_SEED = 20_260_101
_HIDDEN_SHARE_OF_SAMPLE, _HIDDEN_SHARE_OF_FULL = 0.5, 0.2


@dataclass(frozen=True, slots=True)
class CardData:
    """A table of card transactions, cut into public and hidden rows.

    Attributes:
        values: Rows in order of time, float64 (n, 31), columns as in `COLUMNS`.
        hidden: Positions of the hidden rows, ascending; the same share of frauds and of normal rows.
        source: Where the rows come from, for people; begins with "simulated" where they are.
        simulated: True where no real file was read.
    """

    values: npt.NDArray[np.float64]
    hidden: npt.NDArray[np.intp]
    source: str
    simulated: bool

    @property
    def public(self) -> npt.NDArray[np.intp]:
        """Positions of the public rows, ascending."""
        return np.setdiff1d(np.arange(len(self.values)), self.hidden)

    @property
    def labels(self) -> npt.NDArray[np.float64]:
        """Class of each row (n,): 1 for a fraud, 0 for a normal row."""
        return self.values[:, -1]

    def digest(self) -> str:
        """Return the SHA-256 (hexadecimal) of the rows and the hidden positions."""
        digest = hashlib.sha256(np.ascontiguousarray(self.values).tobytes())
        digest.update(self.hidden.astype(np.int64).tobytes())
        return digest.hexdigest()


def load(*, size: str = "full", folder: Path | None = None) -> CardData:
    """Load the transactions.

    Args:
        size: `full` for the real file, or as many simulated rows where it is not found; `sample` for 40,000 simulated
            rows whatever is found.
        folder: Searched for `creditcard.csv` (also in `data/` under it); the working folder by default.

    Raises:
        KeyError: The size is none of these.
        ValueError: A file was found that does not hold these columns.
    """
    if size not in ("full", "sample"):
        raise KeyError(size)
    found = None if size == "sample" else find_csv(folder)
    if found is not None:
        values = read_csv(found)
        return CardData(values, _hidden(values[:, -1], _HIDDEN_SHARE_OF_FULL), str(found), simulated=False)
    rows = FULL_ROWS if size == "full" else SAMPLE_ROWS
    return simulated_data(rows=rows)


def find_csv(folder: Path | None = None) -> Path | None:
    """Return the path of `creditcard.csv` in the folder (the working folder by default) or its `data/`, else None."""
    start = Path() if folder is None else folder
    places = (start / FILE_NAME, start / "data" / FILE_NAME)
    return next((place for place in places if place.is_file()), None)


def simulated_data(*, rows: int = SAMPLE_ROWS, seed: int = _SEED) -> CardData:
    """Simulate a table with as many rows; a fifth of them is hidden where it is as large as the real one, else half."""
    values = simulate(rows=rows, seed=seed)
    share = _HIDDEN_SHARE_OF_FULL if rows >= FULL_ROWS else _HIDDEN_SHARE_OF_SAMPLE
    return CardData(values, _hidden(values[:, -1], share), f"simulated, {rows:,} rows, seed {seed}", simulated=True)


def simulate(*, rows: int = SAMPLE_ROWS, seed: int = _SEED) -> npt.NDArray[np.float64]:
    """Return simulated rows (rows, 31) in order of time, with 0.172 % frauds (492 of 284,807)."""
    rng = np.random.default_rng(seed)
    frauds = round(rows * FRAUD_RATE)
    patterns = np.vstack([_patterns(rows - frauds, rng), _fraudulent_patterns(frauds, rng)])
    labels = np.repeat([0.0, 1.0], [rows - frauds, frauds])
    spread = np.geomspace(_LARGEST_SPREAD, _SMALLEST_SPREAD, 28)
    anonymous = spread * (patterns + _NOISE * rng.normal(size=patterns.shape))
    amount = np.round(np.exp(3.1 + patterns[:, 0] + 1.3 * rng.normal(size=rows)), 2)  # median about 22
    shuffled = rng.permutation(rows)
    return np.column_stack([_times(rows, rng), anonymous[shuffled], amount[shuffled], labels[shuffled]])


def kernel_view(data: CardData) -> npt.NDArray[np.float64]:
    """Return the table (n, 31) that a student's kernel may see: as many rows and frauds, no hidden row.

    Each hidden row is replaced by a public one of the same class, in turn; its own time stays, so that the order does.
    """
    view = data.values.copy()
    for label in (0.0, 1.0):
        hidden = data.hidden[data.labels[data.hidden] == label]
        public = data.public[data.labels[data.public] == label]
        view[hidden, 1:] = data.values[np.resize(public, len(hidden)), 1:]
    return view


def read_csv(path: Path) -> npt.NDArray[np.float64]:
    """Read a file with the 31 columns of `COLUMNS` in this order; names and classes may stand in quotes.

    Raises:
        ValueError: The columns are others, or a value is not a number.
    """
    with path.open(encoding="utf-8-sig") as file:
        header = tuple(name.strip().strip('"') for name in file.readline().split(","))
        if header != COLUMNS:
            raise ValueError(f"{path}: not the card transactions, its columns are {', '.join(header)[:200]}")
        return np.loadtxt(file, delimiter=",", quotechar='"', ndmin=2)


def write_csv(values: npt.NDArray[np.float64], path: Path) -> None:
    """Write rows (n, 31) as the real file writes them: header, and classes in quotes."""
    formats = ["%d", *["%.10g"] * 28, "%.2f", '"%d"']
    header = ",".join(f'"{name}"' for name in COLUMNS)
    np.savetxt(path, values, fmt=formats, delimiter=",", header=header, comments="", encoding="utf-8")


# Helpers ---------------------------------------------------------------------------------------------------------


def _patterns(rows: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Habits and their products (rows, 7 + 21 = 28): mean 0, variance 1, uncorrelated."""
    habits = rng.uniform(-np.sqrt(3), np.sqrt(3), size=(rows, _HABITS))
    first, second = np.triu_indices(_HABITS, k=1)
    return np.hstack([habits, habits[:, first] * habits[:, second]])


def _fraudulent_patterns(rows: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    one, other = _patterns(rows, rng), _patterns(rows, rng)
    patched = np.where(rng.random(one.shape) < 0.5, one, other)
    crude = one.copy()
    crude[:, _CRUDE_COLUMNS] += _CRUDE_SHIFT
    is_crude = rng.random((rows, 1)) < _CRUDE_SHARE
    return np.where(is_crude, crude, patched)


def _times(rows: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Whole seconds (rows,) of two days, ascending; by night there are fewer."""
    hours = np.arange(48)
    busy = 1.0 - 0.8 * np.cos(2 * np.pi * (hours - 3) / 24)
    hour = rng.choice(hours, size=rows, p=busy / busy.sum())
    seconds = np.floor(3600 * (hour + rng.random(rows)))
    return np.sort(np.minimum(seconds, _SECONDS_OF_TWO_DAYS - 1))


def _hidden(labels: npt.NDArray[np.float64], share: float) -> npt.NDArray[np.intp]:
    rng = np.random.default_rng(_HIDDEN_SEED)
    chosen = []
    for label in (0.0, 1.0):
        rows = rng.permutation(np.flatnonzero(labels == label))
        chosen.append(rows[: round(len(rows) * share)])
    return np.sort(np.concatenate(chosen))
