"""Models with several outputs or inputs: LSTM states with which a decoder begins.

With `return_state=True`, a recurrent layer returns its output and then its states; without `return_sequences`, the
first state equals the output. A code made of states is as large as all of them together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from grader.domain.architecture import Shape
from grader.domain.evidence import JsonValue, ModelClaim, NodeClaim, OperationClaim
from grader.domain.layer_kinds import traits_of


def without_twins(claim: ModelClaim, operations: Mapping[str, OperationClaim]) -> ModelClaim:
    """Return a claim in which the layer's output replaces a first state that is the same tensor."""
    names = {node.outputs[1]: node.outputs[0] for node in claim.nodes if _gives_twins(node, operations)}
    if not names:
        return claim
    nodes = tuple(replace(node, arguments=renamed(node.arguments, names)) for node in claim.nodes)
    return replace(claim, nodes=nodes, outputs=tuple(names.get(name, name) for name in claim.outputs))


def _gives_twins(node: NodeClaim, operations: Mapping[str, OperationClaim]) -> bool:
    operation = operations.get(node.operation)
    if operation is None or not traits_of(operation.class_name).state_is_output or len(node.outputs) < 2:
        return False
    return operation.config.get("return_state") is True and operation.config.get("return_sequences") is False


def renamed(value: JsonValue, names: Mapping[str, str]) -> JsonValue:
    """Return the arguments of a call with some tensors renamed."""
    if isinstance(value, dict):
        if set(value) == {"tensor"} and isinstance(value["tensor"], str):
            return {"tensor": names.get(value["tensor"], value["tensor"])}
        return {key: renamed(item, names) for key, item in value.items()}
    return [renamed(item, names) for item in value] if isinstance(value, list) else value


def matching(given: Sequence[tuple[str, Shape]], taken: Sequence[Sequence[Shape]]) -> tuple[str, ...]:
    """Return which outputs of a model another one takes, empty if none does.

    Args:
        given: Id and shape of each output.
        taken: The shapes of the inputs of each model that takes several.
    """
    for shapes in taken:
        last = given[-len(shapes) :]
        if [shape for _, shape in last] == list(shapes):
            return tuple(name for name, _ in last)
    return ()
