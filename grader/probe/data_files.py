"""The data sets under the paths and addresses where notebooks expect them: `data/creditcard.csv`, Drive, a URL.

Nothing is opened here that the notebook could not open itself under another path; the notebook's own files come first.
"""

from __future__ import annotations

import builtins
import functools
import importlib
import io
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from .texts import shortened

_NO_NETWORK = (
    "there is no network where the notebook is graded: {address}. Load the data with keras.datasets, "
    "tensorflow_datasets or the file beside the notebook."
)


class DataFiles:
    """Data files by the names that notebooks use.

    Args:
        datasets: Path of each data set's file, by Keras's name.
        requests: Receives one line for each file that replaced another path.
        table: The grader's description of its data sets: `other_names` of their files, and `excerpts` in Colab's
            `/content/sample_data` (data set, part, most rows).
    """

    def __init__(self, datasets: Mapping[str, str], requests: list[str], table: Mapping[str, Any]) -> None:
        self._files = {Path(path).name.lower(): path for path in datasets.values()}
        self._datasets = datasets
        self._other_names = table.get("other_names", {})
        self._excerpts = table.get("excerpts", {})
        self._tables: dict[str, str] = {}
        self._requests = requests

    def names(self) -> list[str]:
        """List the files' own names."""
        return sorted(self._files)

    def find(self, place: object) -> str | None:
        """Return our file for a path or an address that ends in the name of one, None for every other."""
        if not isinstance(place, str | os.PathLike):
            return None
        name = str(place).replace("\\", "/").partition("?")[0].rpartition("/")[2].lower()
        return self._files.get(self._other_names.get(name, name)) or self._table(name)

    def _table(self, name: str) -> str | None:
        """Return a table of Colab's sample data, written at its first use."""
        dataset, part, rows = self._excerpts.get(name, ("", "", 0))
        if dataset not in self._datasets:
            return None
        if name not in self._tables:
            import tempfile

            path = Path(tempfile.mkdtemp()) / name
            _write_table(self._datasets[dataset], path, part, rows)
            self._tables[name] = str(path)
        return self._tables[name]

    def note(self, place: object) -> None:
        """Record that a path or an address was answered with our file."""
        line = shortened(f"{place} -> {Path(self.find(place) or '').name}", 200)
        if line not in self._requests:
            self._requests.append(line)


def _write_table(archive: str, path: Path, part: str, rows: int) -> None:
    """Write the label and the pixels of each image on a line, without a header."""
    import numpy

    with numpy.load(archive) as arrays:
        images, labels = arrays[f"x_{part}"][:rows], arrays[f"y_{part}"][:rows]
        table = numpy.column_stack([labels, images.reshape(len(images), -1)])
    with path.open("w", encoding="ascii") as file:
        file.writelines(",".join(map(str, row)) + "\n" for row in table.tolist())


def install_open(files: DataFiles) -> None:
    """Let `open` fall back on a data file if a file to be read is missing, in modules and in cells."""
    shell: Any = importlib.import_module("IPython.core.interactiveshell")

    plain = builtins.open

    @functools.wraps(plain)
    def open_or_known(file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        try:
            return plain(file, mode, *args, **kwargs)
        except FileNotFoundError:
            known = files.find(file)
            if known is None or "r" not in str(mode) or "+" in str(mode):
                raise
        files.note(file)
        return plain(known, mode, *args, **kwargs)

    builtins.open = io.open = open_or_known  # the second for pathlib
    shell.io_open = open_or_known  # what the `open` of a cell calls


def patch_urlopen(module: ModuleType, *, files: DataFiles) -> None:
    """Answer addresses of data sets with our files, and every other one with a clear error (in the sandbox only).

    Args:
        module: `urllib.request`.
        files: The data.
    """
    from urllib.error import URLError

    plain = module.urlopen

    @functools.wraps(plain)
    def urlopen(url: Any, *args: Any, **kwargs: Any) -> Any:
        address = getattr(url, "full_url", url)
        if str(address).partition(":")[0].lower() not in ("http", "https", "ftp"):
            return plain(url, *args, **kwargs)
        known = files.find(address)
        if known is None:
            raise URLError(_NO_NETWORK.format(address=address))
        files.note(address)
        from email.message import Message
        from urllib.response import addinfourl

        headers = Message()
        headers["Content-Length"] = str(Path(known).stat().st_size)
        return addinfourl(Path(known).open("rb"), headers, str(address), 200)

    module.urlopen = urlopen  # type: ignore[attr-defined]


def patch_get_file(module: ModuleType, *, files: DataFiles) -> None:
    """Answer `keras.utils.get_file` with our file if its name or its address is that of one.

    Args:
        module: `keras.src.utils.file_utils`.
        files: The data.
    """
    plain = module.get_file

    @functools.wraps(plain)
    def get_file(fname: Any = None, origin: Any = None, *args: Any, **kwargs: Any) -> Any:
        for place in (origin, fname):
            known = files.find(place)
            if known is not None:
                files.note(place)
                return known
        return plain(fname, origin, *args, **kwargs)

    module.get_file = get_file  # type: ignore[attr-defined]


class Uploads(dict[str, bytes]):
    """The return value of `google.colab.files.upload()`: the data files, read on access.

    Args:
        files: The data.
        read: Returns the content of a path.
    """

    def __init__(self, files: DataFiles, read: Callable[[str], bytes] = lambda path: Path(path).read_bytes()) -> None:
        super().__init__(dict.fromkeys(files.names(), b""))
        self._files = files
        self._read = read

    def __getitem__(self, name: str) -> bytes:
        """Return the content of a file, whatever folder precedes its name."""
        known = self._files.find(name)
        if known is None:
            raise KeyError(name)
        return self._read(known)

    def values(self) -> Iterator[bytes]:  # type: ignore[override]
        """Yield the content of every file."""
        return (self[name] for name in self)

    def items(self) -> Iterator[tuple[str, bytes]]:  # type: ignore[override]
        """Yield name and content of every file."""
        return ((name, self[name]) for name in self)
