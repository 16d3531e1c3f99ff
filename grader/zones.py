"""Opens and closes zones K and M together: kernels of one backend, measuring processes, data for both.

In K (the student kernel) notebooks run; M (the measuring process) measures what they trained (ARCHITECTURE.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from grader.domain.course import Course
from grader.domain.datasets import DataSize, image_sets
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
        data_folder: Folder that is searched for the user's own full set before the usual places.
        course: The instructor's own course, if any.
        warm: Whether to fork kernels from a process that has imported TensorFlow, if possible.
    """

    sandbox: str = DEFAULT
    data_size: DataSize = DataSize.FULL
    data_folder: Path | None = None
    course: Course | None = None
    warm: bool = False


@dataclass(frozen=True)
class Zones:
    """Both zones, open.

    Attributes:
        measurer: Zone M.
        folder: Folder for published data, deleted at the end.
        backend: Starts the kernels.
    """

    measurer: MeasuringProcesses
    folder: Path
    backend: OpenedBackend

    def sandbox(self, options: KernelOptions) -> Sandbox:
        """Return zone K with these options."""
        return self.backend.sandbox(options)

    def publish_all(self, dataset: str) -> dict[str, PublishedData]:
        """Publish a data set, and every available set of images as well, since notebooks also use others.

        Raises:
            MissingDataError: The full set was asked for, and neither the user nor the package has it.
            MeasuringFailedError: The measuring process broke.
        """
        return self._published(dataset, self.folder, None)

    def publish_view(self, dataset: str, folder: Path, view: SecretView) -> dict[str, Path]:
        """Publish the same data as seen through a secret view, and return their files.

        Raises:
            MissingDataError: The data no longer exist.
            MeasuringFailedError: The measuring process broke.
        """
        return files_of(self._published(dataset, folder, view))

    def publish_those_here(self, datasets: Iterable[str], view: SecretView | None = None) -> dict[str, PublishedData]:
        """Publish data sets; one that is not available is left out."""
        return self._those_here(datasets, self.folder, view)

    def _published(self, dataset: str, folder: Path, view: SecretView | None) -> dict[str, PublishedData]:
        try:
            first = self.measurer.publish(dataset, folder, view)
        except MissingDataError as error:  # the measuring process reports it only in English
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
    """Open both zones; at the end no process and no file of them is left.

    Raises:
        SandboxUnavailableError: The sandbox does not work here, or a notebook would see hidden data.
        UnknownBackendError: There is no sandbox with this name.
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
    """Return the files that kernels see, by data set; data that a notebook makes itself have none."""
    return {dataset: found.file for dataset, found in published.items() if found.file is not None}
