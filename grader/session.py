"""A grading session: opens zones K and M for one assignment, lays out the public data, and closes all at the end."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from grader.auditing import Auditor
from grader.checks.shortening import acceleration_of
from grader.domain.assignment import Assignment
from grader.domain.course import Course
from grader.domain.datasets import DataSize, Held, image_sets
from grader.domain.facts import ReferenceFacts
from grader.domain.limits import limits_here
from grader.domain.messages import Message, message
from grader.domain.ports import AuditMode, Sandbox
from grader.pipeline import GradingContext
from grader.rebuild.protocol import PublishedData
from grader.sandbox.backend_registry import DEFAULT, backend_named
from grader.sandbox.backends.backend import KernelOptions
from grader.secret_views import LentViews
from grader.session_cache import DataQuestion, recall, remember
from grader.settings_key import settings_key
from grader.zones import ZoneOptions, files_of, open_zones

CARDS = "creditcard"
"""Card transactions, `creditcard.csv` in the notebook's working folder."""

MEMORY_MIB_A_NOTEBOOK = 2500
"""Resources of a running notebook and its share of the measuring process, for choosing how many run together."""


_LOOP = 1_000_000
_LOOP_SECONDS = 0.042
"""Seconds that a Python loop of this length takes at its fastest on the machine of the committed facts."""


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """How to grade.

    Attributes:
        sandbox: Name of a backend: `bubblewrap`, `none` to run notebooks with this user's rights, or a plug-in's.
        data_size: `full` or `sample`.
        data_folder: Folder that is searched for the user's own full set before the usual places.
        images: `hidden` for grading, `public` for a student's own check.
        jobs: Notebooks that run at the same time; None for as many as the machine can handle.
        work_folder: Where an unsandboxed notebook runs; None for a temporary folder.
        course: The instructor's own course that the assignment belongs to, if any.
        compat: Whether to translate old code even if the assignment does not say so.
        written_for: The data for which notebooks are written: points that a notebook for the full data loses on the
            sample wait for a person.
        run_again: Students whose hand-ins run once more, whatever the gradebook holds: all if empty, none if None.
        audit: Which hand-ins run a second time, on a secret view of the data: `suspicious`, `all` or `none`.
        accelerate: Whether trainings are accelerated at first (`grader.accelerated_grading`); grades are the same.
        warm: Whether to fork kernels from a process that has imported TensorFlow, if possible; grades are the same.
        executor: Where notebooks run (`grader.executors.choice`).
    """

    sandbox: str = DEFAULT
    data_size: DataSize = DataSize.FULL
    data_folder: Path | None = None
    images: Held = Held.HIDDEN
    jobs: int | None = None
    work_folder: Path | None = None
    course: Course | None = None
    compat: bool = False
    written_for: DataSize = DataSize.FULL
    run_again: tuple[str, ...] | None = None
    audit: AuditMode = AuditMode.NONE
    accelerate: bool = False
    warm: bool = False
    executor: str = "local"

    def zones(self) -> ZoneOptions:
        """Return the part that says how the zones are opened."""
        return ZoneOptions(self.sandbox, self.data_size, self.data_folder, self.course, self.warm)

    def threads_a_notebook(self) -> int:
        """Return how many threads one notebook may use, so that concurrent notebooks share the processors."""
        return max(1, (os.cpu_count() or 1) // self.notebooks_together())

    def notebooks_together(self) -> int:
        """Return how many notebooks run at the same time."""
        if self.jobs is not None:
            return max(1, self.jobs)
        memory_mib = psutil.virtual_memory().available // 2**20
        return int(max(1, min(os.cpu_count() or 1, memory_mib // MEMORY_MIB_A_NOTEBOOK)))


@dataclass(frozen=True)
class Session:
    """An open session.

    Attributes:
        context: What the pipeline needs.
        data: What the kernels see.
        settings_key: Names everything outside the rubric on which a grade depends.
        remarks: What the user should know before grades come in.
    """

    context: GradingContext
    data: PublishedData
    settings_key: str
    remarks: tuple[Message, ...]


@contextmanager
def open_session(assignment: Assignment, facts: ReferenceFacts, options: SessionOptions) -> Iterator[Session]:
    """Open zones K and M.

    Raises:
        SandboxUnavailableError: No sandbox works here and `none` was not asked for, or notebooks would see hidden data.
        MissingDataError: The full data was asked for, and neither the user nor the package has it.
        MeasuringFailedError: The measuring process does not start.
        BrokenReferenceError: The assignment's reference is an instructor's own and cannot be used.
    """
    assignment = replace(assignment, compat=assignment.compat or options.compat)
    own = _own_reference(assignment, options.course)
    with open_zones(options.zones()) as zones, ExitStack() as stack:
        if own is not None:
            zones.measurer.examine(assignment.reference)
        published = zones.publish_all(facts.dataset)
        data = published[facts.dataset]
        for dataset, found in published.items():
            remember(_question(dataset, options), found)
        kernels = KernelOptions(
            threads=options.threads_a_notebook(),
            work_folder=options.work_folder,
            data_size=data.size,
            inputs={role.value: shape for role, shape in facts.input_shapes.items()},
        )

        def open_sandbox(datasets: Mapping[str, Path]) -> Sandbox:
            return zones.sandbox(replace(kernels, datasets=datasets))

        auditor, mode = None, options.audit
        if mode is not AuditMode.NONE:
            views = LentViews(lambda place, view: zones.publish_view(facts.dataset, place, view), open_sandbox)
            auditor = Auditor(mode, stack.enter_context(views))
        kernels = replace(kernels, datasets=files_of(published))
        limits = limits_here(assignment, facts, data.size, slowness=slowness_of_this_machine())
        limited = replace(assignment, limits=limits)
        context = GradingContext(
            limited,
            facts,
            zones.sandbox(kernels),
            zones.measurer,
            options.images,
            data.size,
            options.written_for,
            options.run_again,
            auditor,
        )
        if options.accelerate:
            fast = replace(kernels, acceleration=acceleration_of(limited, facts, data.size))
            context = replace(context, fast=zones.sandbox(fast))
        key = _key(assignment, facts, [(one.size, one.digest) for one in published.values()], options)
        yield Session(context, data, key, _remarks(assignment, facts, data, options))


def known_settings_key(assignment: Assignment, facts: ReferenceFacts, options: SessionOptions) -> str | None:
    """Return the key that a session would have, without opening it; None if that needs an open session."""
    datasets = [facts.dataset, *(other for other in image_sets() if other != facts.dataset)]
    answers = [recall(_question(dataset, options)) for dataset in datasets]
    found = [answer for answer in answers if answer is not None]
    if len(found) < len(datasets):
        return None
    return _key(replace(assignment, compat=assignment.compat or options.compat), facts, found, options)


def _question(dataset: str, options: SessionOptions) -> DataQuestion:
    return DataQuestion(dataset, options.data_size, options.data_folder)


def _key(
    assignment: Assignment, facts: ReferenceFacts, data: Sequence[tuple[str, str]], options: SessionOptions
) -> str:
    key = settings_key(assignment, facts, data, sandbox=options.sandbox, images=options.images)
    own = _own_reference(assignment, options.course)
    if own is not None:  # its code does not depend on its facts alone
        key = f"{key};{hashlib.sha256(own.read_bytes()).hexdigest()}"
    if facts.has_sample and (data[0][0], options.written_for) == (DataSize.SAMPLE, DataSize.FULL):
        key = f"{key};short"
    if options.audit is not AuditMode.NONE:
        key = f"{key};audit={options.audit}"
    return key


def slowness_of_this_machine() -> float:
    """Return how many times slower this machine is now than that of the facts, by the best of three short loops."""
    return min(_loop_seconds() for _ in range(3)) / _LOOP_SECONDS


def _loop_seconds() -> float:
    began = time.perf_counter()
    sum(number * number for number in range(_LOOP))
    return time.perf_counter() - began


def _own_reference(assignment: Assignment, course: Course | None) -> Path | None:
    """Return the module of the assignment's reference if it is the course's own."""
    module = None if course is None else course.module(assignment.reference)
    return module if module is not None and module.is_file() else None


def end_children() -> None:
    """Kill everything this process has started, so that a stopped batch ends at once."""
    for child in psutil.Process().children(recursive=True):
        try:
            child.kill()
        except psutil.NoSuchProcess:
            continue


def _remarks(
    assignment: Assignment, facts: ReferenceFacts, data: PublishedData, options: SessionOptions
) -> tuple[Message, ...]:
    remarks = []
    if facts.dataset == CARDS and data.source.startswith("simulated"):
        remarks.append(
            message(
                "The card transactions are simulated: a grade says how well a model finds rows that break the pattern "
                "of the others, nothing about real cards. The real `creditcard.csv` is read where it stands in the "
                "working folder or one named with --data."
            )
        )
    elif data.size == DataSize.SAMPLE and facts.is_of_images and options.written_for == DataSize.FULL:
        remarks.append(
            message(
                "Notebooks train on the embedded sample of {dataset} (8,000 images), as --data-size says; each report "
                "says so. What a right notebook loses there for having made fewer updates waits for a person.",
                dataset=facts.dataset,
            )
        )
    warns = options.images == Held.HIDDEN  # a student's own notebook needs no warning
    if warns and not backend_named(options.sandbox).isolates:
        remarks.append(message("WITHOUT SANDBOX: notebooks run with your rights and can read and change your files."))
    if data.size not in facts.calibrated:
        remarks.append(
            message(
                "{reference} was never calibrated on the {size} data: reconstruction points will wait for a person.",
                reference=assignment.reference,
                size=data.size,
            )
        )
    return tuple(remarks)
