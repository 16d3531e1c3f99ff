"""Card transactions for fraud detection: the real `creditcard.csv` where the user has it, else a seeded simulation.

Columns: Time (seconds since the first row), V1 … V28 (anonymous numbers), Amount, Class (1 fraud, 0 normal). The real
file has 284,807 rows of two days of September 2013 with 492 frauds (0.172 %). Its licence does not let us ship it (Dal
Pozzolo, Caelen, Johnson and Bontempi, "Calibrating probability with undersampling for unbalanced classification",
2015). **Simulated rows say so**: `CardData.simulated` is True and `source` begins with "simulated".

How a row is simulated: it is an everyday purchase (61 %), or one of thirteen rare kinds with 3 % each. An everyday row
lies near the origin; each rare kind lies far out, in a direction of its own, and no row is of two kinds. V1 … V28 are a
rotation of these thirteen directions and of a little noise in all others, with the spreads of the real file. The
logarithm of Amount follows the V's that Amount follows there. Nine frauds in ten are normal rows that were moved by a
random length along the direction in which the frauds of the real file lie (V14, V17, V12 and V10 far below, V11 and V4
above the mean). One in seven of these lies so far out that any method finds it. The remaining tenth of the frauds look
like normal rows in every way, so that no method finds all frauds.

Why it is done this way: normal rows of rare kinds are longer than most frauds, so neither the length of a row nor a
plane of ten directions separates the two. A network with a code of ten numbers, or of four, can represent all thirteen
kinds, because a row is of one kind at a time; everything else in the row then breaks the pattern. Honest networks learn
this in a few epochs, narrow or wide, whatever their activation (`reference.fraud` has the figures). A plane of thirteen
directions or more holds all kinds as well, and so does a linear network with such a code.

Where it differs from the real file: there, V1 … V28 are principal components and thus uncorrelated; here they are
correlated, up to 0.48, and their tails are lighter. With 28 uncorrelated columns of the same variance a layer of 16
units explains at most 16/28 of it, and the squared error does not prefer any 16 of them: in every simulation with
uncorrelated columns that was tried, tanh networks of 20 units stayed on that plateau for 1,500 updates, no better than
PCA.

What the simulation is not: a model of real frauds. A grade or a figure from it says how well an autoencoder finds rows
that break the pattern of the others, nothing about cards.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

COLUMNS = ("Time", *(f"V{number}" for number in range(1, 29)), "Amount", "Class")
FILE_NAME = "creditcard.csv"
FULL_ROWS = 284_807
SAMPLE_ROWS = 40_000
FRAUD_RATE = 492 / 284_807

_SPREADS = (1.96, 1.65, 1.52, 1.42, 1.38, 1.33, 1.24, 1.19, 1.10, 1.09, 1.02, 1.00, 1.00, 0.96,
            0.92, 0.88, 0.85, 0.84, 0.81, 0.77, 0.73, 0.73, 0.62, 0.61, 0.52, 0.48, 0.40, 0.33)  # fmt: skip
"""Standard deviations of V1 … V28 in the real file."""
_FRAUD_SHIFTS = {1: -2.4, 2: 2.2, 3: -4.6, 4: 3.2, 5: -2.3, 7: -4.5, 9: -2.4, 10: -5.2, 11: 3.7, 12: -6.3,
                 14: -7.3, 16: -4.7, 17: -7.9, 18: -2.7}  # fmt: skip
"""Mean of the real file's frauds by V, in deviations of the column; the others are nearer."""
_AMOUNT_FOLLOWS = {1: -0.23, 2: -0.53, 3: -0.21, 4: 0.10, 5: -0.39, 6: 0.22, 7: 0.40, 8: -0.10, 10: -0.10,
                   20: 0.34, 21: 0.11}  # fmt: skip
"""Correlation of Amount with the V's in the real file; the others are smaller."""

_RARE_KINDS = 13
_SHARE_OF_A_KIND = 0.03
_FROM_KINDS = 0.95  # of the variance in the direction of a kind; the rest is noise
_NOISE = 0.25  # in every other direction
_DISTANCE_VARIES = 0.1  # of log(distance of a row of a rare kind)
_FRAUD_LENGTH, _FRAUD_LENGTH_VARIES, _FRAUD_SCATTER = 4.7, 0.3, 0.5  # median; of its logarithm; beside the direction
_UNSEEN_SHARE = 0.1  # of the frauds, which look like normal rows
_CRUDE_SHARE, _CRUDE_FACTOR = 0.15, 3.0  # of the frauds, which lie so much farther out
_LOG_AMOUNT, _LOG_AMOUNT_VARIES, _AMOUNT_CORRELATION, _CARD_LIMIT = 3.1, 0.7, 0.9, 300.0
_PATTERN_SEED = 2013  # which directions the kinds have: the same in every simulation
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
    def size(self) -> str:
        """`real` for a file that was read; `full` for as many simulated rows as the real file has, `sample` for fewer.

        Facts belong to one of them: what a model reaches on simulated rows says nothing about the real file.
        """
        if not self.simulated:
            return "real"
        return "full" if len(self.values) >= FULL_ROWS else "sample"

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
    rows = SAMPLE_ROWS if size == "sample" else FULL_ROWS
    return simulated_data(rows=rows)


def candidates(folder: Path | None = None) -> list[Path]:
    """List where `creditcard.csv` is looked for, in order: the folder (by default the working folder), its `data/`."""
    start = Path() if folder is None else folder
    return [start / FILE_NAME, start / "data" / FILE_NAME]


def find_csv(folder: Path | None = None) -> Path | None:
    """Return the path of the first `creditcard.csv` that is there, else None."""
    return next((place for place in candidates(folder) if place.is_file()), None)


def simulated_data(*, rows: int = SAMPLE_ROWS, seed: int = _SEED) -> CardData:
    """Simulate a table with as many rows; a fifth of them is hidden where it is as large as the real one, else half."""
    values = simulate(rows=rows, seed=seed)
    share = _HIDDEN_SHARE_OF_FULL if rows >= FULL_ROWS else _HIDDEN_SHARE_OF_SAMPLE
    return CardData(values, _hidden(values[:, -1], share), f"simulated, {rows:,} rows, seed {seed}", simulated=True)


def simulate(*, rows: int = SAMPLE_ROWS, seed: int = _SEED) -> npt.NDArray[np.float64]:
    """Return simulated rows (rows, 31) in order of time, with 0.172 % frauds (492 of 284,807)."""
    rng = np.random.default_rng(seed)
    frauds = round(rows * FRAUD_RATE)
    patterns = _patterns(rows, rng)
    amount = _amounts(patterns, rng)
    patterns[:frauds] += _fraudulent_shifts(frauds, rng)
    labels = np.repeat([1.0, 0.0], [frauds, rows - frauds])
    shuffled = rng.permutation(rows)
    return np.column_stack([_times(rows, rng), (patterns * _SPREADS)[shuffled], amount[shuffled], labels[shuffled]])


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
    """Rows (rows, 28) without fraud, each column with mean 0 and variance 1."""
    patterns = rng.normal(size=(rows, 28)) * np.repeat(
        [np.sqrt(1 - _FROM_KINDS), _NOISE], [_RARE_KINDS, 28 - _RARE_KINDS]
    )
    kind = (rng.random(rows) / _SHARE_OF_A_KIND).astype(int)
    rare = np.flatnonzero(kind < _RARE_KINDS)
    distance = np.sqrt(_FROM_KINDS / _SHARE_OF_A_KIND) * np.exp(_DISTANCE_VARIES * rng.normal(size=len(rare)))
    patterns[rare, kind[rare]] += distance
    directions = np.linalg.qr(np.random.default_rng(_PATTERN_SEED).normal(size=(28, 28)))[0]
    turned = patterns @ directions.T
    return (turned - turned.mean(axis=0)) / turned.std(axis=0)


def _fraudulent_shifts(rows: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """By how much each fraud (rows, 28) was moved, in deviations of the columns; some not at all, some very far."""
    length = _FRAUD_LENGTH * np.exp(_FRAUD_LENGTH_VARIES * rng.normal(size=(rows, 1)))
    unseen, crude = round(rows * _UNSEEN_SHARE), round(rows * _CRUDE_SHARE)
    length[:unseen] = 0.0
    length[unseen : unseen + crude] *= _CRUDE_FACTOR
    scatter = _FRAUD_SCATTER / np.sqrt(28) * rng.normal(size=(rows, 28))
    return length * (_direction(_FRAUD_SHIFTS) + scatter)


def _amounts(patterns: npt.NDArray[np.float64], rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Amounts (rows,) in whole cents, log-normal with a median of about 21, and never above the card's limit."""
    followed = patterns @ _direction(_AMOUNT_FOLLOWS)
    own = np.sqrt(1 - _AMOUNT_CORRELATION**2) * rng.normal(size=len(patterns))
    wanted = np.exp(_LOG_AMOUNT + _LOG_AMOUNT_VARIES * (_AMOUNT_CORRELATION * followed / followed.std() + own))
    return np.round(wanted / (1 + wanted / _CARD_LIMIT), 2)


def _direction(by_number: Mapping[int, float]) -> npt.NDArray[np.float64]:
    """Return the unit vector (28,) whose parts for V1 … V28 are in these proportions, 0 for those not named."""
    parts = np.array([by_number.get(number, 0.0) for number in range(1, 29)])
    return parts / np.linalg.norm(parts)


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
