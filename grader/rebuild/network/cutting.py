"""Cuts encoder and decoder out of an autoencoder, or joins two halves, if the notebook has no such model.

Half of real notebooks keep no encoder as a model: it is a tensor of the graph, a function, or has no name at all. The
halves of the autoencoder can still be measured: its graph is cut at the tensor that the notebook named, at the end of
the notebook's own encoder, or at the narrowest point. An author's class without a traceable `call` (a variational
autoencoder with its own `train_step`) is joined again from the encoder and decoder that it holds.

Two halves that were trained together count as an autoencoder even if no object holds both.

`Cast.cut` marks the roles filled by cutting: they are used for measurements, and hidden from checks that ask for a
model of the notebook's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from grader.domain.architecture import shape_size
from grader.domain.evidence import Evidence, JsonValue, ModelClaim, NodeClaim, OperationClaim, TensorClaim
from grader.domain.measurement import Role
from grader.probe.flattening import SAMPLING_MODULE
from grader.rebuild.network.allowlist import RefusedError
from grader.rebuild.network.model import Arrays, RebuiltModel, Step, Workshop
from grader.rebuild.network.roles import Cast, concrete, holds_same_numbers

PUT_TOGETHER = "decoder(encoder(x))"
"""Name of a model joined from two halves that no class of the notebook holds together."""

NAMELESS = ("",)


def completed(cast: Cast, evidence: Evidence, arrays: Arrays, *, sample: tuple[int, ...]) -> Cast:
    """Fill the roles that no model of the notebook fills, as far as its graph allows.

    Args:
        cast: What was found among the notebook's models.
        evidence: For named tensors, layers, and models that could not be rebuilt.
        arrays: Vetted arrays.
        sample: Shape of one sample of the data.
    """
    workshop = Workshop({**evidence.operations, COLUMNS.operation: COLUMNS}, arrays, evidence.models)
    if cast.autoencoder is None:
        return _put_together(cast, evidence, workshop)
    if cast.companion is not None or (cast.encoder and cast.decoder):
        return cast
    whole, cut = cast.autoencoder, set[Role]()
    encoder, decoder = cast.encoder, cast.decoder
    if encoder is None:
        encoder = _named_encoder(whole, evidence, workshop, sample, arrays)
        point = narrowest(whole) if encoder is None and decoder is None else None
        point = _beginning(whole, decoder) if encoder is None and decoder is not None else point
        encoder = encoder or _rebuilt(workshop, _until(whole, point))
        cut |= {Role.ENCODER} if encoder is not None else set()
    if decoder is None and encoder is not None:
        decoder = _rebuilt(workshop, _after(whole, _end(whole, encoder)))
        cut |= {Role.DECODER} if decoder is not None else set()
    return replace(cast, encoder=encoder, decoder=decoder, cut=frozenset(cut))


def narrowest(model: RebuiltModel) -> Step | None:
    """Return the call that makes the smallest tensor on all paths, None if none is smaller than the input.

    Of several consecutive tensors of that size (Dense, then its activation), the last one is used; tensors as large as
    the input are no bottleneck.
    """
    largest = shape_size(model.input_shape)
    if largest is None:
        largest = shape_size(model.output_shape) or 0
    best: Step | None = None
    size = largest
    for step in model.steps[:-1]:
        own = shape_size(step.output_shape)
        if own is not None and (own < size or (best is not None and own == size)) and _is_cut(model, step):
            if best is not None and own == size and not _follows(step, best):
                continue
            best, size = step, own
    return best


def _is_cut(model: RebuiltModel, step: Step) -> bool:
    """Return whether every path to the output passes through this step's tensor."""
    return model.claim.inputs[0].tensor not in _read(model, step)


def _read(model: RebuiltModel, point: Step) -> set[str]:
    """Return the ids of all tensors that lead to the output, without those before `point`."""
    wanted = set(model.ends)
    for step in reversed(model.steps):
        if wanted.intersection(step.outputs) and step.outputs != point.outputs and not step.is_constant:
            wanted.update(step.inputs)
    return wanted


def _follows(step: Step, before: Step) -> bool:
    """Return whether `step` follows `before` with no wider tensor between them, and holds no array of its own."""
    return before.output in step.inputs and not step.operation.variables


def _end(whole: RebuiltModel, encoder: RebuiltModel) -> Step | None:
    """Return the step of the autoencoder that makes the encoder's output."""
    if not encoder.steps:
        return None
    last = encoder.steps[-1].operation.operation
    steps = [step for step in whole.steps[:-1] if step.operation.operation == last]
    if len(steps) == 1 and _is_cut(whole, steps[0]):
        return steps[0]
    point = narrowest(whole)
    fits = point is not None and shape_size(point.output_shape) == shape_size(encoder.output_shape)
    return point if fits else None


def _beginning(whole: RebuiltModel, decoder: RebuiltModel) -> Step | None:
    """Return the step of the autoencoder whose tensor enters the decoder's first layer."""
    first = next((step.operation.operation for step in decoder.steps if step.operation.variables), "")
    readers = [step for step in whole.steps if step.operation.operation == first]
    makers = {step.output: step for step in whole.steps}
    made = [makers[reader.inputs[0]] for reader in readers if reader.inputs[0] in makers]
    same = [step for step in made if shape_size(step.output_shape) == shape_size(decoder.input_shape)]
    return same[0] if len(same) == 1 and _is_cut(whole, same[0]) else narrowest(whole)


def _named_encoder(
    whole: RebuiltModel, evidence: Evidence, workshop: Workshop, sample: tuple[int, ...], arrays: Arrays
) -> RebuiltModel | None:
    """Return the path to a named tensor that cuts the autoencoder and is smaller than its input."""
    found = []
    for claim in evidence.tensors:
        model = _rebuilt(workshop, claim)
        if model is None or concrete(model.input_shape, sample) is None or not holds_same_numbers(model, whole, arrays):
            continue
        end = _end(whole, model)
        is_last = end is not None and model.steps and model.steps[-1].operation.operation == end.operation.operation
        if is_last and (shape_size(model.output_shape) or 0) < (shape_size(model.input_shape) or 0):
            found.append(model)
    return min(found, key=lambda model: (shape_size(model.output_shape) or 0, -len(model.steps)), default=None)


def _rebuilt(workshop: Workshop, claim: ModelClaim | None) -> RebuiltModel | None:
    if claim is None:
        return None
    try:
        return workshop.rebuild(claim, whole=claim.names == NAMELESS)
    except RefusedError:
        return None


def _until(whole: RebuiltModel, step: Step | None) -> ModelClaim | None:
    """Return the claim of the part of an autoencoder that ends with `step`."""
    if step is None:
        return None
    return replace(whole.claim, outputs=step.outputs, names=NAMELESS, variables=())


def _after(whole: RebuiltModel, step: Step | None) -> ModelClaim | None:
    """Return the claim of the part of an autoencoder that begins after `step`."""
    if step is None:
        return None
    needed = {name for one in whole.steps for name in one.outputs} & _read(whole, step) - {*step.outputs}
    nodes = tuple(node for node in whole.claim.nodes if needed.intersection(node.outputs))
    made = step.made or ((step.output, step.output_shape),)
    inputs = tuple(TensorClaim(name, (None, *shape)) for name, shape in made)
    return replace(whole.claim, inputs=inputs, nodes=nodes, names=NAMELESS, variables=())


# An autoencoder of two models


def _put_together(cast: Cast, evidence: Evidence, workshop: Workshop) -> Cast:
    """Put the decoder behind the encoder if both exist and fit, and something that held both was trained."""
    encoder, decoder = cast.encoder, cast.decoder
    if encoder is None or decoder is None:
        return cast
    encoder = _split(encoder, decoder, workshop) or encoder
    if shape_size(encoder.output_shape) != shape_size(decoder.input_shape):
        return cast
    holders = list(_holders(evidence, encoder, decoder))
    trained = {fit.model for fit in evidence.fits}
    known = {claim.model: claim for claim in (*holders, encoder.claim, decoder.claim)}
    if not holders and not {encoder.claim.model, decoder.claim.model} <= trained:
        return cast
    names = next((claim.names for claim in holders if claim.names), (PUT_TOGETHER,))
    holder = next((claim for claim in holders if claim.model in trained), next(iter(known.values())))
    claim = replace(
        _chained(encoder.claim, decoder.claim, _codes(encoder, decoder, evidence)),
        model=holder.model,
        names=names,
        class_name=holder.class_name,
        compiled=holder.compiled,
    )
    whole = _rebuilt(workshop, claim)
    if whole is None:
        return cast
    return replace(cast, autoencoder=whole, encoder=encoder, candidates=cast.candidates + 1)


def _split(encoder: RebuiltModel, decoder: RebuiltModel, workshop: Workshop) -> RebuiltModel | None:
    """Return an encoder whose joint output of mean and spread is split into two outputs, else None.

    The notebook's own loop splits them (`tf.split(encoder(x), 2, axis=1)`): the decoder takes half as many numbers.
    """
    code = shape_size(decoder.input_shape)
    if code is None or encoder.output_shape != (2 * code,):
        return None
    halves = {name: _cut_columns(start, code) for name, start in (("h0", 0), ("h1", code))}
    nodes = tuple(
        NodeClaim(COLUMNS.operation, {"args": [{"tensor": encoder.claim.outputs[0]}, key], "kwargs": {}}, (name,))
        for name, key in halves.items()
    )
    claim = replace(encoder.claim, nodes=(*encoder.claim.nodes, *nodes), outputs=tuple(halves))
    return _rebuilt(workshop, claim)


def _cut_columns(start: int, length: int) -> dict[str, Any]:
    """Return the key `[:, start : start + length]` as a call argument."""
    every = {"slice": [{"value": None}] * 3}
    return {"list": [every, {"slice": [{"value": start}, {"value": start + length}, {"value": None}]}]}


COLUMNS = OperationClaim("own-columns", "GetItem", "keras.src.ops.numpy", {}, ())


def joined(encoder: ModelClaim, decoder: ModelClaim, name: str, workshop: Workshop) -> RebuiltModel | None:
    """Return the decoder behind the encoder, named after the object that holds both."""
    codes = encoder.outputs if len(encoder.outputs) == len(decoder.inputs) else encoder.outputs[:1]
    return _rebuilt(workshop, replace(_chained(encoder, decoder, codes), names=(name,)))


def _chained(encoder: ModelClaim, decoder: ModelClaim, codes: Sequence[str]) -> ModelClaim:
    return replace(
        encoder,
        nodes=(*encoder.nodes, *_behind(decoder, codes)),
        outputs=tuple(f"d{name}" for name in decoder.outputs[:1]),
        variables=tuple(dict.fromkeys((*encoder.variables, *decoder.variables))),
    )


def _holders(evidence: Evidence, encoder: RebuiltModel, decoder: RebuiltModel) -> Iterator[ModelClaim]:
    """Yield the models that could not be rebuilt and that hold the arrays of both."""
    for claim in evidence.models:
        if claim.problem and encoder.held | decoder.held <= set(claim.variables) and encoder.held and decoder.held:
            yield claim


def _codes(encoder: RebuiltModel, decoder: RebuiltModel, evidence: Evidence) -> Sequence[str]:
    """Return the tensors that a decoder reads: one, or the states of a recurrent encoder."""
    if len(decoder.claim.inputs) == len(encoder.ends) > 1:
        return encoder.ends
    return (_code(encoder.claim, evidence),)


def _code(encoder: ModelClaim, evidence: Evidence) -> str:
    """Return the tensor that a decoder reads: the drawn code if a layer draws one, else the first output."""
    for node in encoder.nodes:
        operation = evidence.operations.get(node.operation)
        if operation is not None and operation.module == SAMPLING_MODULE and node.outputs[0] in encoder.outputs:
            return node.outputs[0]
    return encoder.outputs[0]


def _behind(decoder: ModelClaim, codes: Sequence[str]) -> Sequence[NodeClaim]:
    """Return the decoder's calls, reading the tensors `codes`; all its other tensors get new names."""
    own = {name: f"d{name}" for node in decoder.nodes for name in node.outputs}
    own |= dict(zip((tensor.tensor for tensor in decoder.inputs), codes, strict=False))
    return [
        NodeClaim(node.operation, _renamed(node.arguments, own), tuple(own[name] for name in node.outputs))
        for node in decoder.nodes
    ]


def _renamed(value: JsonValue, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        if set(value) == {"tensor"}:
            return {"tensor": names.get(str(value["tensor"]), "")}
        return {key: _renamed(item, names) for key, item in value.items()}
    return [_renamed(item, names) for item in value] if isinstance(value, list) else value
