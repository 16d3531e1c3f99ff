"""The data sets: entries of `reference/datasets.toml`, and `Dataset`s that installed packages add.

The grader reads them here, the references through `reference.image_sets`. The student kernel (zone K), which may import
nothing of the grader, gets `for_kernel()` in its settings.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

from grader.domain.messages import Message, by_language, message, verbatim
from grader.domain.plugins import additions, refuse_known

TABLE_FILE: Final = Path(__file__).parents[2] / "reference" / "datasets.toml"


class DataSize(StrEnum):
    """How much of a data set is used.

    SAMPLE: the small sample that ships with the package.
    FULL: all of it, or the same number of simulated rows.
    REAL: a user's own file of card transactions.
    """

    SAMPLE = "sample"
    FULL = "full"
    REAL = "real"


ASKED_SIZES: Final = (DataSize.FULL, DataSize.SAMPLE)
"""The sizes that a person may ask for: a file of one's own is taken where it is found."""

MeasuredSize = DataSize | Literal[""]
"""The size that was measured on, "" where nothing was."""


class Held(StrEnum):
    """Who may see the samples on which a model is measured.

    HIDDEN: nobody but the measuring process.
    PUBLIC: everybody, as in a student's own check.
    """

    HIDDEN = "hidden"
    PUBLIC = "public"


class SampleKind(StrEnum):
    """What one sample of a data set is."""

    IMAGES = "images"
    POINTS = "points"
    ROWS = "rows"


@dataclass(frozen=True, slots=True)
class SampleWords:
    """The words for what an autoencoder of this data set reconstructs.

    Attributes:
        one: A single sample, with the indefinite article.
        the: A certain sample, with the definite article.
        many: Several samples.
        mean: The best answer of a model that ignores its input.
    """

    one: Message
    the: Message
    many: Message
    mean: Message


SAMPLE_WORDS: Final[Mapping[SampleKind, SampleWords]] = MappingProxyType({
    SampleKind.IMAGES: SampleWords(
        message("an image"), message("the image"), message("images"), message("the mean image")
    ),
    SampleKind.POINTS: SampleWords(
        message("a point"), message("the point"), message("points"), message("the mean point")
    ),
    SampleKind.ROWS: SampleWords(message("a row"), message("the row"), message("rows"), message("the mean row")),
})  # fmt: skip

ANY_SAMPLE: Final = SampleWords(
    message("a sample"), message("the sample"), message("samples"), message("the mean sample")
)
"""Words for an unknown data set."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A table of a data set that lies in Colab's `/content/sample_data`.

    Attributes:
        part: `train` or `test`.
        rows: Most rows that it has.
    """

    part: str
    rows: int


@dataclass(frozen=True, slots=True)
class Dataset:
    """One data set.

    Attributes:
        id: Its name in code, for images that of `keras.datasets`.
        title: What people call it.
        kind: What one sample is.
        sample_shape: Shape of one sample, as the references take it.
        training: Number of training samples, by size.
        test: Number of test samples, by size.
        classes: Number of classes, 0 if samples have no labels.
        file: Name of the file that notebooks read, "" if they make the data themselves.
        other_names: Other names of the same file.
        excerpts: Tables of it, by file name.
        named_by: Regular expression for its name in code, "" if it has none.
        nearest: The reference whose measurements are used for an autoencoder that belongs to no family.
        source: Its author or origin.
        licence: Licence of the data.
        load: For images of another package: returns x_train, y_train, x_test and y_test of a size, as uint8.
    """

    id: str
    title: Message
    kind: SampleKind
    sample_shape: tuple[int, ...]
    training: Mapping[DataSize, int]
    test: Mapping[DataSize, int] = field(default_factory=dict)
    classes: int = 0
    file: str = ""
    other_names: tuple[str, ...] = ()
    excerpts: Mapping[str, Excerpt] = field(default_factory=dict)
    named_by: str = ""
    nearest: str = ""
    source: str = ""
    licence: str = ""
    load: Any = None

    @property
    def numbers(self) -> int:
        """Numbers in one sample: 784 for an image of 28×28."""
        return math.prod(self.sample_shape)

    @property
    def words(self) -> SampleWords:
        """The words for its samples."""
        return SAMPLE_WORDS[self.kind]

    @property
    def sizes(self) -> tuple[DataSize, ...]:
        """The sizes in which it is available, the smallest first."""
        return tuple(size for size in DataSize if size in self.training)

    @property
    def file_names(self) -> tuple[str, ...]:
        """Every file name under which it or a part of it may be found."""
        return (*((self.file,) if self.file else ()), *self.other_names, *self.excerpts)

    @property
    def official_counts(self) -> tuple[int, ...]:
        """Numbers that only a notebook on the full data contains: samples of each part, and array sizes."""
        counts = [part[DataSize.FULL] for part in (self.training, self.test) if DataSize.FULL in part]
        return (*counts, *(count * self.numbers for count in counts))


@cache
def datasets() -> Mapping[str, Dataset]:
    """Return every data set by its id: those of `reference/datasets.toml`, then those of installed packages.

    The entry points `autoencoder_grader.datasets` name `Dataset`s of images.

    Raises:
        PluginError: A package names something that is no usable data set.
    """
    table = tomllib.loads(TABLE_FILE.read_text("utf-8"))
    own = {name: _dataset(name, entry) for name, entry in table.items()}
    added = {name: one for name, one in additions("datasets", Dataset).items() if isinstance(one, Dataset)}
    refuse_known("datasets", added, own)
    return MappingProxyType({**own, **added})


def image_sets() -> Mapping[str, Dataset]:
    """Return the data sets of images, which `keras.datasets` gives every notebook of the course, offline."""
    return {name: one for name, one in datasets().items() if one.kind is SampleKind.IMAGES}


def words_for(dataset: str) -> SampleWords:
    """Return the words for the samples of a data set."""
    known = datasets().get(dataset)
    return ANY_SAMPLE if known is None else known.words


def title_of(dataset: str) -> Message:
    """Return the title of a data set, its id if it is unknown."""
    known = datasets().get(dataset)
    return verbatim(dataset) if known is None else known.title


def image_numbers() -> frozenset[int]:
    """Return how many numbers an image has, of each set of images."""
    return frozenset(one.numbers for one in image_sets().values())


def row_lengths() -> frozenset[int]:
    """Return how many pixels a row of an image has, of each set of images: one step where rows are a sequence."""
    return frozenset(one.sample_shape[-1] for one in image_sets().values())


def for_kernel() -> dict[str, Any]:
    """Return the part of the table that zone K needs, as JSON data."""
    known = datasets().values()
    return {
        "sample_sizes": sorted(image_numbers()),
        "other_names": {name: one.file for one in known for name in one.other_names},
        "excerpts": {
            name: [one.id, excerpt.part, excerpt.rows] for one in known for name, excerpt in one.excerpts.items()
        },
    }


def _dataset(name: str, entry: Mapping[str, Any]) -> Dataset:
    title = entry["title"]
    return Dataset(
        id=name,
        title=verbatim(title) if isinstance(title, str) else by_language(title),
        kind=SampleKind(entry["kind"]),
        sample_shape=tuple(entry["sample_shape"]),
        training={DataSize(size): count for size, count in entry["training"].items()},
        test={DataSize(size): count for size, count in entry.get("test", {}).items()},
        classes=entry.get("classes", 0),
        file=entry.get("file", ""),
        other_names=tuple(entry.get("other_names", ())),
        excerpts={file: Excerpt(**one) for file, one in entry.get("excerpts", {}).items()},
        named_by=entry.get("named_by", ""),
        nearest=entry.get("nearest", ""),
        source=entry["source"],
        licence=entry["licence"],
    )
