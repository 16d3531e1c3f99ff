"""Outlines of autoencoders that cannot be rebuilt, from how their exported graphs transform images."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Final

from grader.domain.architecture import Architecture
from grader.domain.datasets import Held
from grader.domain.evidence import Evidence, ModelClaim
from grader.domain.inspection import Outline
from grader.domain.measurement import Role
from grader.domain.ports import GraphSandbox
from grader.rebuild.graphs.graph_pixels import convention_of
from grader.rebuild.graphs.graph_process import BehaviourError, GraphModel, GraphProcess
from grader.rebuild.network.model import Arrays, RebuiltModel
from grader.rebuild.quantities.image_tests import image_tests
from grader.rebuild.quantities.reference_data import DataChoice
from grader.rebuild.quantities.samples import Samples, load_samples
from reference import data

SECONDS: Final = 90.0
"""Seconds for all graphs of a notebook."""


def graph_outlines(
    evidence: Evidence, arrays: Arrays, rebuilt: Collection[str], choice: DataChoice, sandbox: GraphSandbox
) -> tuple[Outline, ...]:
    """Describe every trained model that reconstructs images and was exported as a graph because it cannot be rebuilt.

    Args:
        evidence: What the notebook left behind.
        arrays: Vetted arrays.
        rebuilt: Ids of the models that could be rebuilt.
        choice: The images.
        sandbox: How a graph is run.

    Raises:
        reference.data.DataNotFoundError: The full data was asked for and not found.
    """
    fitted = [fit.model for fit in evidence.fits]
    claims = [one for one in evidence.models if one.model in evidence.graphs and one.model not in rebuilt]
    trained = sorted((one for one in claims if one.model in fitted), key=lambda one: fitted.index(one.model))
    deadline = time.monotonic() + SECONDS
    found = []
    for claim in trained:
        outline = _outline(
            claim, evidence, arrays, choice, GraphProcess(sandbox, evidence.graphs[claim.model], deadline)
        )
        if outline is not None:
            found.append(outline)
    return tuple(found)


def called(claim: ModelClaim, evidence: Evidence) -> str:
    """Return the notebook's name for a model, now or when it was trained."""
    once = [name for fit in evidence.fits if fit.model == claim.model for name in fit.names]
    return next(iter((*claim.names, *once)), claim.class_name)


def _outline(
    claim: ModelClaim, evidence: Evidence, arrays: Arrays, choice: DataChoice, process: GraphProcess
) -> Outline | None:
    """Return no outline for a graph that is refused, breaks, or does not map images to images."""
    with process:
        try:
            sample = load_samples(data.NAMES[0], Held.HIDDEN, choice).images.shape[1:]
            model = RebuiltModel(claim, GraphModel(process, sample), (), frozenset(), 0)

            def judged(images: Samples) -> RebuiltModel:
                return convention_of(model, evidence, images.train).around(model, Role.AUTOENCODER)

            tests = image_tests(model, choice, judged)
        except BehaviourError:  # `measure` reports the reason for the same graph
            return None
    broken = bool(set(claim.variables) & set(evidence.non_finite))
    if not tests and not broken:
        return None
    return Outline(
        model=claim.model,
        relatives=_relatives(claim, evidence),
        name=called(claim, evidence),
        architecture=Architecture((), model.input_shape, model.output_shape, -1, _parameters(claim, arrays)),
        code_size=None,
        is_variational=False,
        skills={} if broken else {name: skill for name, (skill, _) in tests.items()},
        noise_ratios={name: ratio for name, (_, ratio) in tests.items()},
        trained_by=(claim.model,),
        not_finite=broken,
    )


def _relatives(claim: ModelClaim, evidence: Evidence) -> tuple[str, ...]:
    held = set(claim.variables)
    return tuple(one.model for one in evidence.models if held & set(one.variables) or one.model == claim.model)


def _parameters(claim: ModelClaim, arrays: Arrays) -> int:
    return sum(arrays[name].size for name in dict.fromkeys(claim.variables) if name in arrays)
