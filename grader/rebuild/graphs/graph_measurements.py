"""Measures models that cannot be rebuilt: the exported graphs of one submission, run in the second sandbox.

Encoder, decoder and autoencoder run in separate processes, and codes are passed between them as plain numbers of six
digits. Only what a chain of the two reproduces is an autoencoder with a code: otherwise, a graph may return its input,
and its reconstructions prove nothing. The layers are unknown, and checks of layers wait for a person.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

import numpy as np
import tensorflow as tf

from grader.domain.architecture import Architecture, shape_size
from grader.domain.evidence import Evidence, ModelClaim, RelatedClaims
from grader.domain.measurement import MeasuredModel, Measurement, Measurements, MeasuringProblem, Quantity, Role
from grader.domain.messages import message, verbatim
from grader.domain.ports import GraphSandbox, MeasuringTask
from grader.domain.text import shortened
from grader.domain.units import Unit
from grader.rebuild.families.family import ByBehaviour, TrainedModels
from grader.rebuild.families.family_registry import family_of
from grader.rebuild.graphs.graph_pixels import Convention, Converted, convention_of
from grader.rebuild.graphs.graph_process import BehaviourError, GraphModel, GraphProcess
from grader.rebuild.network.canonical import canonical
from grader.rebuild.network.model import Arrays, RebuiltModel
from grader.rebuild.network.roles import Cast, concrete
from grader.rebuild.quantities import image_metrics
from grader.rebuild.quantities.conventions import PixelScale
from grader.rebuild.quantities.reference_data import Array
from grader.rebuild.quantities.samples import Samples
from grader.rebuild.quantities.submission_measurements import COMPOSITION_IMAGES, output_range, strips
from reference.contract import Reference

SECONDS = 150.0
"""Seconds for all graphs of one submission; the client waits twice as long."""

SAME = 1e-3
"""Largest gap between autoencoder(x) and decoder(encoder(x)), relative to autoencoder(x): that of `composition`."""

CLEARLY_OTHER = 1e-2
"""Smallest gap at which a `call` is another function than decoder(encoder(x)); half precision stays far below."""

MOST_PAIRS = 9
HOW = "measured by behaviour"


@dataclass(frozen=True)
class Opaque:
    """What can be measured of a submission.

    Attributes:
        reference: The reference.
        evidence: Vetted claims and graphs.
        arrays: Vetted arrays.
        models: Models that could be rebuilt.
        problems: Problems with those that could not.
        task: For the names that the assignment asks for.
        samples: The samples to measure on.
        baselines: What trivial predictors reach on them.
        scale: The pixels that the rebuilt models take, None for [0, 1].
    """

    reference: Reference
    evidence: Evidence
    arrays: Arrays
    models: Sequence[RebuiltModel]
    problems: tuple[MeasuringProblem, ...]
    task: MeasuringTask
    samples: Samples
    baselines: tuple[Measurement, ...] = ()
    scale: PixelScale | None = None

    @property
    def sample(self) -> tuple[int, ...]:
        """Shape of one sample."""
        return self.samples.images.shape[1:]

    @property
    def asked(self) -> Mapping[str, str]:
        """The name that the assignment asks for, by role."""
        return dict(self.task.contract_names)


def by_behaviour(opaque: Opaque, sandbox: GraphSandbox) -> Measurements:
    """Measure the autoencoder among the graphs; whatever cannot be measured is a problem of ours.

    Args:
        opaque: The submission.
        sandbox: How a graph is run.
    """
    nothing = Measurements(problems=opaque.problems, data=opaque.samples.size)
    if family_of(opaque.reference).by_behaviour not in (ByBehaviour.WITH_CODE, ByBehaviour.WHOLE):
        return nothing
    with ExitStack() as processes:  # if a sandbox does not start, `measure` reports an error of ours
        deadline = time.monotonic() + SECONDS
        graphs, problems = _opened(opaque, sandbox, processes, deadline)
        nothing = replace(nothing, problems=opaque.problems + problems)
        whole = _autoencoder(graphs, opaque)
        if whole is None:
            return nothing
        try:
            return _measured(_Case(whole, graphs, replace(opaque, problems=nothing.problems)))
        except (BehaviourError, ValueError, tf.errors.OpError) as error:
            return replace(nothing, problems=(*nothing.problems, _problem(whole.claim, error)))


def instead(opaque: Opaque, chosen: RebuiltModel | None, sandbox: GraphSandbox) -> Measurements | None:
    """Return the measurements of graphs if the rebuilt models do not contain the notebook's autoencoder, else None.

    Args:
        opaque: The submission.
        chosen: The model in the autoencoder's role, None if none could be rebuilt.
        sandbox: How a graph is run.
    """
    if chosen is None or _contradicted(opaque, chosen, sandbox):
        return by_behaviour(opaque, sandbox)
    if not _outranked(opaque, chosen):
        return None
    seen = by_behaviour(opaque, sandbox)
    return seen if seen.models else None


def _contradicted(opaque: Opaque, together: RebuiltModel, sandbox: GraphSandbox) -> bool:
    """Return whether an autoencoder that we joined computes something else than the notebook's own.

    An author's class is joined from the encoder and decoder that it holds, but its `call` may do more than these. A
    graph that draws random numbers or does not return an image gives no answer.
    """
    path = opaque.evidence.graphs.get(together.claim.model)
    if path is None:
        return False
    images = opaque.samples.images[:COMPOSITION_IMAGES]
    try:
        with GraphProcess(sandbox, path, time.monotonic() + SECONDS / 3) as process:
            own = Converted(GraphModel(process, opaque.sample), Convention(opaque.scale))
            outputs = image_metrics.reconstruct(own, images)
            wanted = image_metrics.reconstruct(together.model, images)
    except (BehaviourError, ValueError, tf.errors.OpError):
        return False
    return not image_metrics.relative_gap(wanted, outputs) <= CLEARLY_OTHER


def _outranked(opaque: Opaque, chosen: RebuiltModel) -> bool:
    """Return whether a graph was trained under the name asked for, which the chosen model does not have."""
    evidence, name = opaque.evidence, opaque.asked.get(Role.AUTOENCODER, "")
    fitted = {fit.model for fit in evidence.fits}
    named = [claim for claim in evidence.models if claim.model in evidence.graphs and name in claim.names]
    return name not in chosen.claim.names and any(claim.model in fitted for claim in named)


@dataclass(frozen=True)
class _Case:
    """One submission while its graphs run."""

    whole: RebuiltModel
    graphs: Sequence[RebuiltModel]
    opaque: Opaque
    values: list[Measurement] = field(default_factory=list)


def _measured(case: _Case) -> Measurements:
    opaque, images = case.opaque, case.opaque.samples.images
    convention = convention_of(case.whole, opaque.evidence, opaque.samples.train)
    whole = convention.around(case.whole, Role.AUTOENCODER)
    outputs = image_metrics.reconstruct(whole.model, images)
    if not np.isfinite(outputs).all():
        raise BehaviourError("its answers are not finite numbers (NaN)")
    pair = _pair(whole, case, convention)
    encoder, decoder = pair if pair is not None else (None, None)
    cast = Cast(whole, encoder, decoder, candidates=1)
    spread = float(np.sqrt(np.mean((outputs - outputs.mean(axis=0)) ** 2)))
    values = [Measurement(Quantity.OUTPUT_SPREAD, spread, Unit.PIXEL, f"{len(images)} images"), output_range(outputs)]
    if pair is not None:
        values += _of_chain(cast, outputs, images)
    values += _of_family(case, cast, outputs)
    values = [*(replace(one, how=f"{HOW}: {one.how}") for one in values), *opaque.baselines]
    known = cast.by_role()
    found = {_name(model.claim) for model in known.values()} if pair is not None else set()
    return Measurements(
        models={role: _measured_model(role, model, opaque.arrays) for role, model in known.items()},
        values={one.name: one for one in values if np.isfinite(one.value)},
        problems=() if found else opaque.problems,
        strips=strips(whole, opaque.samples),
        data=opaque.samples.size,
        candidates=sum(_is_whole(model, opaque) for model in case.graphs),
        claims=RelatedClaims(any(fit.model == case.whole.claim.model for fit in opaque.evidence.fits)),
        conventions=(_SAID, *convention.conventions()),
        by_behaviour=True,
    )


def _of_family(case: _Case, cast: Cast, outputs: Array) -> list[Measurement]:
    """Measure the family's quantities; without two halves, reconstructions prove nothing and are left out."""
    opaque, family = case.opaque, family_of(case.opaque.reference)
    if cast.encoder is None and family.by_behaviour is not ByBehaviour.WHOLE:
        return []
    parts = {role: model.model for role, model in cast.by_role().items()}
    models = TrainedModels(parts[Role.AUTOENCODER], parts.get(Role.ENCODER), parts.get(Role.DECODER))
    found = family.measure(opaque.reference, models, opaque.samples, outputs)
    if cast.encoder is None:
        return [one for one in found if one.name not in _OF_HALVES]
    return [replace(one, how=one.how.removeprefix("rebuilt model on ")) for one in found]


_OF_HALVES = frozenset({Quantity.RECONSTRUCTION_MSE, Quantity.RECONSTRUCTION_BCE})
"""The quantities at which a graph that returns its input would be best."""

_SAID = message(
    "Measured by behaviour: this model does something that we cannot build again from known layers, so that what it "
    "computes was exported and run on our images in a sandbox of its own, without the notebook's code. Its layers were "
    "not looked at."
)


# The graphs


def _opened(
    opaque: Opaque, sandbox: GraphSandbox, processes: ExitStack, deadline: float
) -> tuple[list[RebuiltModel], tuple[MeasuringProblem, ...]]:
    """Start a sandbox for each graph; graphs that are refused or do not answer are problems."""
    graphs: list[RebuiltModel] = []
    problems: list[MeasuringProblem] = []
    exported = [(claim, opaque.evidence.graphs.get(claim.model)) for claim in opaque.evidence.models]
    started = [
        (claim, processes.enter_context(GraphProcess(sandbox, path, deadline)))
        for claim, path in exported
        if path is not None
    ]
    for claim, process in started:  # all of them load at the same time
        try:
            graphs.append(RebuiltModel(claim, GraphModel(process, opaque.sample), (), frozenset(), 0))
        except BehaviourError as error:
            problems.append(_problem(claim, error))
    return graphs, tuple(problems)


def _problem(claim: ModelClaim, error: Exception) -> MeasuringProblem:
    text = message("Nor can it be measured by behaviour: {reason}.", reason=verbatim(shortened(str(error), 300)))
    return MeasuringProblem(_name(claim), text, ours=True)


def _name(claim: ModelClaim) -> str:
    return shortened(claim.names[0] if claim.names else claim.class_name, 80)


def _measured_model(role: Role, model: RebuiltModel, arrays: Arrays) -> MeasuredModel:
    """Return a model for the checks: a rebuilt one with its layers, a graph with only its input and output."""
    form = Architecture((), model.input_shape, model.output_shape, -1, 0)
    return MeasuredModel(role, _name(model.claim), canonical(model, arrays) if model.steps else form)


# Roles


def _autoencoder(graphs: Sequence[RebuiltModel], opaque: Opaque) -> RebuiltModel | None:
    """Return the graph of samples to samples: trained under the name asked for, else named so, else trained last."""
    order = {fit.model: place for place, fit in enumerate(opaque.evidence.fits)}
    once = {(fit.model, name) for fit in opaque.evidence.fits for name in fit.names}
    name = opaque.asked.get(Role.AUTOENCODER, "")

    def standing(model: RebuiltModel) -> tuple[bool, bool, int]:
        trained = model.claim.model in order
        named = name in model.claim.names or (model.claim.model, name) in once
        return trained and named, named, order.get(model.claim.model, -1)

    return max((model for model in graphs if _is_whole(model, opaque)), key=standing, default=None)


def _is_whole(model: RebuiltModel, opaque: Opaque) -> bool:
    ends = (model.input_shape, model.output_shape)
    return all(concrete(shape, opaque.sample) is not None for shape in ends)


def _pair(whole: RebuiltModel, case: _Case, convention: Convention) -> tuple[RebuiltModel, RebuiltModel] | None:
    """Return the encoder and decoder that together do what the autoencoder does, None if no two do."""
    best: tuple[tuple[int, float], tuple[RebuiltModel, RebuiltModel]] | None = None
    for encoder, decoder in itertools.islice(_pairs(case), MOST_PAIRS):
        parts = convention.around(encoder, Role.ENCODER), convention.around(decoder, Role.DECODER)
        images = case.opaque.samples.images[:COMPOSITION_IMAGES]
        try:
            gap = image_metrics.composition_gap(whole.model, parts[0].model, parts[1].model, images)
        except (ValueError, tf.errors.OpError):  # they do not fit; a graph that breaks ends all measuring
            continue
        if gap is None or not gap <= SAME:
            continue
        named = sum(
            case.opaque.asked.get(role, "") in part.claim.names for role, part in zip(_HALVES, parts, strict=True)
        )
        if best is None or (-named, gap) < best[0]:
            best = (-named, gap), parts
    return None if best is None else best[1]


_HALVES = (Role.ENCODER, Role.DECODER)


def _pairs(case: _Case) -> Iterator[tuple[RebuiltModel, RebuiltModel]]:
    """Yield encoders with decoders that take as many numbers as the encoder gives, fewer than a sample has."""
    opaque = case.opaque
    size = int(np.prod(opaque.sample))
    others = [model for model in (*case.graphs, *opaque.models) if not _is_whole(model, opaque)]
    encoders = [model for model in others if concrete(model.input_shape, opaque.sample) is not None]
    decoders = [model for model in others if concrete(model.output_shape, opaque.sample) is not None]
    for encoder, decoder in itertools.product(encoders, decoders):
        code = shape_size(encoder.output_shape)
        if code is not None and 0 < code < size and code == shape_size(decoder.input_shape):
            yield encoder, decoder


# Numbers


def _of_chain(cast: Cast, outputs: Array, images: Array) -> list[Measurement]:
    """Measure both halves and the whole together."""
    assert cast.autoencoder and cast.encoder and cast.decoder  # noqa: S101, PT018 - the caller looked
    parts = (cast.encoder.model, cast.decoder.model)
    few = images[:COMPOSITION_IMAGES]
    chained = image_metrics.through_code(*parts, images)
    gap = image_metrics.composition_gap(cast.autoencoder.model, *parts, few)
    if chained is None or gap is None:
        raise BehaviourError("its halves do not fit together on all images")
    apart = f"encoder and decoder in processes of their own, codes as numbers of six digits, {len(images)} images"
    code = shape_size(cast.encoder.output_shape) or 0
    gap = max(gap, image_metrics.relative_gap(outputs, chained))
    if not gap <= SAME:
        raise BehaviourError("its halves do not do the same as the whole on all images")
    return [
        Measurement(
            Quantity.THROUGH_CODE_MSE, image_metrics.mean_squared_error(images, chained), Unit.PIXEL_SQUARED, apart
        ),
        Measurement(Quantity.COMPOSITION_GAP, gap, "1", apart),
        Measurement(Quantity.ROUNDING_GAP, image_metrics.rounding_gap(*parts, few) or 0.0, "1", f"{len(few)} images"),
        Measurement(Quantity.CODE_SIZE, code, "1", "numbers that the encoder gives and the decoder takes"),
    ]
