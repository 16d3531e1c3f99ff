"""Lists the autoencoders that a notebook trained, without knowing its assignment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from grader.domain.architecture import shape_size
from grader.domain.evidence import Evidence, ModelClaim
from grader.domain.inspection import Outline
from grader.domain.layer_kinds import traits_of
from grader.domain.ports import GraphSandbox
from grader.rebuild.graphs.graph_outlines import called, graph_outlines
from grader.rebuild.network.allowlist import RefusedError
from grader.rebuild.network.canonical import canonical
from grader.rebuild.network.cutting import PUT_TOGETHER, completed, narrowest
from grader.rebuild.network.model import Arrays, RebuiltModel, Workshop
from grader.rebuild.network.roles import Cast, holds_same_numbers
from grader.rebuild.quantities.conventions import in_unit_range, with_probabilities
from grader.rebuild.quantities.image_tests import image_tests
from grader.rebuild.quantities.reference_data import DataChoice
from grader.rebuild.quantities.samples import Samples
from grader.rebuild.whole_submission import load_arrays

MOST_OUTLINES = 16
MOST_CLASSES = 100
LEAST_STEPS = 2


@dataclass(frozen=True)
class _Scene:
    """All models of one notebook.

    Attributes:
        evidence: Vetted claims.
        arrays: Vetted arrays.
        models: What could be rebuilt.
        wholes: The autoencoders among them, including those joined from two halves.
    """

    evidence: Evidence
    arrays: Arrays
    models: Sequence[RebuiltModel]
    wholes: Sequence[RebuiltModel]

    @cached_property
    def fitted(self) -> frozenset[str]:
        """Ids of all models that were trained."""
        return frozenset(fit.model for fit in self.evidence.fits)

    @cached_property
    def held(self) -> dict[str, frozenset[str]]:
        """Arrays of every model, rebuilt or not, by its id."""
        claimed = {claim.model: frozenset(claim.variables) for claim in self.evidence.models}
        return claimed | {one.claim.model: one.held for one in self.models}

    @cached_property
    def trained_arrays(self) -> frozenset[str]:
        """Arrays of all models that were trained."""
        return frozenset(name for model in self.fitted for name in self.held.get(model, ()))

    def chosen(self) -> list[RebuiltModel]:
        """Return the autoencoders to describe, in the order of their first training.

        Of models with the same arrays, those trained themselves are kept, else the one with a name. An untrained model
        that is part of a trained one (an encoder with as many numbers as the image) is not an autoencoder.
        """

        def standing(one: RebuiltModel) -> tuple[bool, bool, int]:
            return one.claim.model in self.fitted, bool(one.claim.names), one.parameters

        ranked = sorted(self.wholes, key=standing, reverse=True)
        kept: list[RebuiltModel] = []
        for model in ranked:
            was_trained = model.claim.model in self.fitted
            if was_trained or not any(model.held <= other.held for other in kept):
                kept.append(model)
        return sorted(kept, key=lambda one: (self._first_trained(one), one.claim.created))

    def _first_trained(self, model: RebuiltModel) -> int:
        """Return the position of a model's first training; untrained models come last."""
        fits = self.evidence.fits
        return next((place for place, fit in enumerate(fits) if fit.model == model.claim.model), len(fits))


def outlines(evidence: Evidence, choice: DataChoice, sandbox: GraphSandbox | None = None) -> tuple[Outline, ...]:
    """Describe every autoencoder of a notebook, in the order of their first training, at most 16.

    Args:
        evidence: What the notebook left behind.
        choice: The images.
        sandbox: How to run a model that cannot be rebuilt; without one, such a model has no outline.

    Raises:
        reference.data.DataNotFoundError: The full data was asked for and not found.
    """
    evidence = with_probabilities(evidence)
    arrays = load_arrays(evidence.weights_file)
    models = list(_rebuilt(evidence, arrays))
    wholes = [model for model in models if _is_autoencoder(model)]
    wholes += _put_together(evidence, arrays, models, wholes)
    scene = _Scene(evidence, arrays, models, wholes)
    chosen = scene.chosen()[:MOST_OUTLINES]
    strays = _strays(scene, chosen)
    outlined = tuple(_outline(model, scene, strays.get(model.claim.model, ()), choice) for model in chosen)
    if sandbox is None:
        return outlined
    rebuilt = {model.claim.model for model in (*models, *wholes)}
    return (*outlined, *graph_outlines(evidence, arrays, rebuilt, choice, sandbox)[: MOST_OUTLINES - len(outlined)])


def _rebuilt(evidence: Evidence, arrays: Arrays) -> Iterator[RebuiltModel]:
    workshop = Workshop(evidence.operations, arrays, evidence.models)
    for claim in evidence.models:
        try:
            yield workshop.rebuild(claim)
        except RefusedError:  # `measure` reports why; a part without a graph has no outline
            continue


def _is_autoencoder(model: RebuiltModel) -> bool:
    """Return whether a model has weights in at least two steps, and outputs as many numbers as it takes.

    A normalisation holds numbers but finds no patterns: a model of normalisations only prepares data.
    """
    learning = [step for step in model.steps if step.arrays and not traits_of(step.kind).normalisation]
    if len(learning) < LEAST_STEPS or len(model.model.inputs) != 1:
        return False
    taken, given = model.input_shape, model.output_shape
    size = shape_size(taken)
    if size is None:  # sequences of any length
        return len(taken) == len(given) and taken[-1] == given[-1]
    return size > 1 and size == shape_size(given)


def _put_together(
    evidence: Evidence, arrays: Arrays, models: Sequence[RebuiltModel], wholes: Sequence[RebuiltModel]
) -> Iterator[RebuiltModel]:
    """Yield the autoencoders of which a notebook made only the halves: a class with its own step, a loop."""
    used: set[str] = set()
    fitted = {fit.model for fit in evidence.fits}
    trained = [frozenset(claim.variables) for claim in evidence.models if claim.model in fitted]

    def standing(pair: tuple[RebuiltModel, RebuiltModel]) -> tuple[bool, int]:
        """Prefer halves of one trained model to halves of two models of the same sizes."""
        both = pair[0].held | pair[1].held
        return not any(both <= held for held in trained), -sum(half.parameters for half in pair)

    for encoder, decoder in sorted(_halves(models), key=standing):
        both = encoder.held | decoder.held
        if both & used or any(both <= whole.held for whole in wholes):
            continue
        cast = completed(Cast(None, encoder, decoder, 0), evidence, arrays, sample=_sample(encoder))
        if cast.autoencoder is not None:
            used |= both
            yield cast.autoencoder


def _halves(models: Sequence[RebuiltModel]) -> Iterator[tuple[RebuiltModel, RebuiltModel]]:
    """Yield pairs of an encoder and a decoder that fit together and share no array."""
    for encoder in models:
        taken, code = shape_size(encoder.input_shape), shape_size(encoder.output_shape)
        if taken is None or code is None or not encoder.held or code >= taken:
            continue
        for decoder in models:
            sizes = shape_size(decoder.input_shape), shape_size(decoder.output_shape)
            if sizes == (code, taken) and decoder.held and not decoder.held & encoder.held:
                yield encoder, decoder


def _sample(model: RebuiltModel) -> tuple[int, ...]:
    return tuple(length or 1 for length in model.input_shape)


def _outline(model: RebuiltModel, scene: _Scene, strays: tuple[str, ...], choice: DataChoice) -> Outline:
    point = narrowest(model)
    trained_by = _trained_by(model, scene)
    relatives = tuple(name for name, held in scene.held.items() if held & model.held or name == model.claim.model)
    kin = [one for one in scene.models if one.claim.model in relatives]
    wholes = [one for one in scene.wholes if one.claim.model != model.claim.model]
    parts = {one.held for one in wholes if one.held < model.held and one.claim.model in scene.fitted}
    broken = bool(model.held & frozenset(scene.evidence.non_finite))
    tests = {} if broken else _tests(model, scene, trained_by, choice)
    return Outline(
        model=model.claim.model,
        relatives=relatives,
        name=_name(model, scene),
        architecture=canonical(model, scene.arrays),
        code_size=None if point is None else shape_size(point.output_shape),
        is_variational=any(one.moments is not None or _gives_moments(one.claim, scene) for one in (model, *kin)),
        skills={name: skill for name, (skill, _) in tests.items()},
        noise_ratios={name: ratio for name, (_, ratio) in tests.items()},
        classifies=any(_classifies(one, scene.arrays) and one.claim.model in scene.fitted for one in kin),
        parts_trained=len(parts),
        part_of=tuple(one.claim.model for one in wholes if model.held < one.held),
        trained_by=trained_by,
        twins=tuple(name for one in wholes if one.held == model.held for name in one.claim.names),
        strays=strays,
        not_finite=broken,
    )


def _name(model: RebuiltModel, scene: _Scene) -> str:
    """Return the notebook's name for a model; a joined one is named after the object that was trained."""
    own = {claim.model: claim for claim in scene.evidence.models}.get(model.claim.model)
    if own is not None and model.claim.names == (PUT_TOGETHER,) and own.problem:
        return called(own, scene.evidence)
    return called(model.claim, scene.evidence)


def _trained_by(model: RebuiltModel, scene: _Scene) -> tuple[str, ...]:
    """Return the models whose trainings trained a whole model, or all its parts."""
    if model.claim.model in scene.fitted:
        return (model.claim.model,)
    around = [name for name in scene.held if name in scene.fitted and model.held <= scene.held[name]]
    inside = [name for name in scene.held if name in scene.fitted and scene.held[name] & model.held]
    covered = {array for name in inside for array in scene.held[name]}
    return tuple(around or (inside if model.held <= covered else ()))


def _gives_moments(claim: ModelClaim, scene: _Scene) -> bool:
    """Return whether a model outputs a mean and a log-variance: two outputs of one width from two layers."""
    makers = {output: node for node in claim.nodes for output in node.outputs}
    if len(claim.outputs) < 2 or any(output not in makers for output in claim.outputs[:2]):
        return False
    first, second = (makers[output] for output in claim.outputs[:2])
    found = [scene.evidence.operations.get(node.operation) for node in (first, second)]
    widths = {one.config.get("units") if one is not None and one.class_name == "Dense" else None for one in found}
    return first.operation != second.operation and len(widths) == 1 and widths != {None}


def _strays(scene: _Scene, chosen: Sequence[RebuiltModel]) -> dict[str, tuple[str, ...]]:
    """Return, by autoencoder, the names of untrained models that output fewer numbers than they take.

    A model belongs to the autoencoder with which it shares arrays, else to the only trained one with the same input.
    """
    trained = [one for one in scene.models if one.claim.model in scene.fitted] + list(scene.wholes)
    trained = [one for one in trained if one.held and one.held <= scene.trained_arrays]
    found: dict[str, tuple[str, ...]] = {}
    for model in scene.models:
        if not model.claim.names or model.held <= scene.trained_arrays or _gives_all(model):
            continue
        if any(holds_same_numbers(model, one, scene.arrays) for one in trained):
            continue
        if any(model.held <= whole.held for whole in scene.wholes):  # of an untrained autoencoder
            continue
        around = [one for one in chosen if one in trained and one.input_shape == model.input_shape]
        near = [one for one in around if one.held & model.held] or around
        if len(near) == 1:
            owner = near[0].claim.model
            found[owner] = (*found.get(owner, ()), *model.claim.names)
    return found


def _gives_all(model: RebuiltModel) -> bool:
    taken, given = shape_size(model.input_shape), shape_size(model.output_shape)
    return taken is None or given is None or given >= taken


def _tests(
    model: RebuiltModel, scene: _Scene, trained_by: Sequence[str], choice: DataChoice
) -> dict[str, tuple[float, float]]:
    """Measure a model on hidden images of every data set that fits it, with pixels scaled as in its trainings."""
    evidence = replace(
        scene.evidence,
        fits=tuple(replace(fit, model=model.claim.model) for fit in scene.evidence.fits if fit.model in trained_by),
    )

    def judged(images: Samples) -> RebuiltModel:
        cast, _ = in_unit_range(Cast(model, None, None, 1), evidence, images.train)
        return cast.autoencoder or model

    return image_tests(model, choice, judged)


def _classifies(model: RebuiltModel, arrays: Arrays) -> bool:
    """Return whether a model ends with a softmax over a few classes."""
    layers = canonical(model, arrays).layers
    size = shape_size(model.output_shape) or 0
    return bool(layers) and 1 < size <= MOST_CLASSES and layers[-1].activation == "softmax"
