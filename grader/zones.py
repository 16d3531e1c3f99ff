"""Zones K and M opened and closed together: kernels of one backend, measuring processes, data published for both.

K is where notebooks run, M where what they trained is measured (ARCHITECTURE.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from grader.domain.course import Course
from grader.domain.datasets import image_sets
from grader.domain.folders import private_folder
from grader.domain.messages import message
from grader.domain.ports import Sandbox, SecretView
from grader.rebuild.client import MeasuringProcesses, MissingDataError
from grader.rebuild.protocol import PublishedData
from grader.sandbox.backend_registry import DEFAULT, backend_named
from grader.sandbox.backends.backend import KernelOptions, OpenedBackend
from grader.sandbox.visible import require_invisible, require_invisible_data

_THREADS_OF_A_GRAPH = 2


@dataclass(frozen=True, slots=True)
class ZoneOptions:
    """How zones are opened.

    Attributes:
        sandbox: Name of a backend.
        data_size: `full` or `sample`.
        data_folder: Searched for the user's own full set before the usual places.
        course: The instructor's own course, if any.
        warm: Fork kernels from a process that has imported TensorFlow, where that can be had.
    """

    sandbox: str = DEFAULT
    data_size: str = "full"
    data_folder: Path | None = None
    course: Course | None = None
    warm: bool = False


@dataclass(frozen=True)
class Zones:
    """Both zones, open.

    Attributes:
        measurer: Zone M.
        folder: Where data are published, deleted at the end.
        backend: Where kernels are started.
    """

    measurer: MeasuringProcesses
    folder: Path
    backend: OpenedBackend

    def sandbox(self, options: KernelOptions) -> Sandbox:
        """Return zone K with these options."""
        return self.backend.sandbox(options)

    def publish_all(self, dataset: str) -> dict[str, PublishedData]:
        """Publish a data set, and the other image data sets as far as they are here, since notebooks try things out.

        Raises:
            MissingDataError: The full set was asked for, is not the user's, and was taken out of the package.
            MeasuringFailedError: The measuring process broke.
        """
        return self._published(dataset, self.folder, None)

    def publish_view(self, dataset: str, folder: Path, view: SecretView) -> dict[str, Path]:
        """Publish the same data as a secret view shows them, and return their files.

        Raises:
            MissingDataError: The data are not there any more.
            MeasuringFailedError: The measuring process broke.
        """
        return files_of(self._published(dataset, folder, view))

    def publish_those_here(self, datasets: Iterable[str], view: SecretView | None = None) -> dict[str, PublishedData]:
        """Publish data sets; one that is not here is left out."""
        return self._those_here(datasets, self.folder, view)

    def _published(self, dataset: str, folder: Path, view: SecretView | None) -> dict[str, PublishedData]:
        try:
            first = self.measurer.publish(dataset, folder, view)
        except MissingDataError as error:  # the measuring process says it in English alone
            reason = message(
                "The full {dataset} was not found. Put {dataset}.npz, the file of keras.datasets, into "
                "~/.keras/datasets, $KERAS_HOME, or a folder named with --data; or take the embedded sample with "
                "--data-size sample.",
                dataset=dataset,
            )
            raise MissingDataError(reason) from error
        others = [other for other in image_sets() if other != dataset]
        return {dataset: first, **self._those_here(others, folder, view)}

    def _those_here(self, datasets: Iterable[str], folder: Path, view: SecretView | None) -> dict[str, PublishedData]:
        published: dict[str, PublishedData] = {}
        for dataset in datasets:
            with suppress(MissingDataError):
                published[dataset] = self.measurer.publish(dataset, folder, view)
        return published


@contextmanager
def open_zones(options: ZoneOptions) -> Iterator[Zones]:
    """Open both zones; at the end nothing of them is left, process or file.

    Raises:
        SandboxUnavailableError: The sandbox does not work here, or a notebook would see hidden data.
        UnknownBackendError: There is no sandbox of this name.
        MeasuringFailedError: The measuring process does not start.
    """
    backend = backend_named(options.sandbox)
    with backend.opened(warm=options.warm) as opened:
        if backend.isolates:
            require_invisible_data(options.data_folder)
            if options.course is not None:
                require_invisible(options.course.folder)
        measurer = MeasuringProcesses(
            options.data_size,
            options.data_folder,
            course=options.course,
            graph_sandbox=backend.graph_command(_THREADS_OF_A_GRAPH),
            prefix=backend.measuring_prefix(),
        )
        with measurer, private_folder() as folder:
            yield Zones(measurer, folder, opened)


def files_of(published: Mapping[str, PublishedData]) -> dict[str, Path]:
    """Return the files that kernels see, by data set; of data that a notebook makes itself there is none."""
    return {dataset: found.file for dataset, found in published.items() if found.file is not None}
