"""Finds the models of one call of `grader.check`: those that were given, and the notebook's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from grader.checks.core.phrases import ROLE_NAMES
from grader.checks.structure.shapes import holds_image
from grader.domain.architecture import Shape
from grader.domain.datasets import image_numbers
from grader.domain.measurement import Role
from grader.domain.messages import Message, message
from grader.notebook.complaints import NotebookCheckError
from grader.notebook.namespace import holds, is_called_layer, is_model, model_names, name_of, was_fitted
from grader.probe.numpy_models import numpy_network

_HALVES: Final = (Role.ENCODER, Role.DECODER)


@dataclass(frozen=True, slots=True)
class ModelAtHand:
    """A model in its role.

    Attributes:
        model: The Keras model.
        name: What the notebook calls it.
    """

    model: object
    name: str


@dataclass(frozen=True, slots=True)
class Gathered:
    """The models that exist.

    Attributes:
        models: By role.
        remarks: Why another one is not looked at, one sentence each.
        trained: Whether the autoencoder, or a model that shares its layers, was trained.
        notebook: All names of the notebook, where its other models, tables or arrays are looked at as well.
        in_numpy: The network is made of arrays, which stand in `notebook`.
        layers: Layers that do the job of a half beside an autoencoder, by role.
    """

    models: Mapping[Role, ModelAtHand]
    remarks: Mapping[Role, Message]
    trained: bool
    notebook: Mapping[str, object] = field(default_factory=dict)
    in_numpy: bool = False
    layers: Mapping[Role, ModelAtHand] = field(default_factory=dict)

    @property
    def there(self) -> frozenset[Role]:
        """The roles that are filled."""
        return frozenset(Role) if self.in_numpy else frozenset((*self.models, *self.layers))


@dataclass(frozen=True, slots=True)
class NotebookNames:
    """Where models are searched.

    Attributes:
        names: The notebook's variables.
        image: Lengths of one sample, `(28, 28)`.
        language: Of complaints.
    """

    names: Mapping[str, object]
    image: tuple[int, ...]
    language: str


def gather(things: Sequence[object], focus: Role | None, place: NotebookNames) -> Gathered:
    """Find the models of one call.

    Args:
        things: What was given; with a focus, the first of them is that model.
        focus: The model that was asked about, None for a check by its id.
        place: Where the others are looked for, under the names of their roles.

    Raises:
        NotebookCheckError: A thing is no Keras model, or nobody can tell which of the three it is.
    """
    given = _given(things, focus, place)
    models = {role: ModelAtHand(thing, name_of(thing, place.names)) for role, thing in given.items()}
    remarks: dict[Role, Message] = {}
    layers: dict[Role, ModelAtHand] = {}
    for role in (Role.AUTOENCODER, *_HALVES):
        layer = _layer(role, models, place) if role in _HALVES and role not in models else None
        if layer is not None:
            layers[role] = layer
        elif role not in models:
            _look_up(role, models, remarks, place=place, must_be_model=role is focus)
    if focus in _HALVES:
        _leave_out(focus, models, remarks, given)
    whole = models.get(Role.AUTOENCODER)
    trained = whole is not None and was_fitted(whole.model, place.names)
    return Gathered(models, remarks, trained, layers={} if whole is None else layers)


def gather_everything(things: Sequence[object], place: NotebookNames) -> Gathered:
    """Find the three models and keep all names, for checks that examine other models and tables."""
    return replace(gather(things, None, place), notebook=dict(place.names))


def gather_arrays(things: Sequence[object], place: NotebookNames) -> Gathered:
    """Find the network of a notebook without Keras: if its arrays exist, it has all three parts.

    Raises:
        NotebookCheckError: Something was given; arrays are found by their shapes.
    """
    if things:
        raise NotebookCheckError(_FOUND_BY_SHAPE, place.language)
    names = dict(place.names)
    if numpy_network(names, image_numbers()) is None:
        return Gathered({}, {Role.AUTOENCODER: _NO_ARRAYS}, trained=False)
    return Gathered({}, {}, trained=True, notebook=names, in_numpy=True)


_FOUND_BY_SHAPE: Final = message(
    "The arrays of this assignment are found in the notebook by their shapes. Give no arrays: {example}.",
    example='grader.check("layers")',
)
_NO_ARRAYS: Final = message(
    "The four arrays of the network, (784, K), (K,), (K, 784) and (784,), are not all there yet."
)


def _given(things: Sequence[object], focus: Role | None, place: NotebookNames) -> dict[Role, object]:
    given: dict[Role, object] = {}
    for position, thing in enumerate(things):
        _require_model(thing, place)
        role = focus if position == 0 and focus is not None else _role_of(thing, place)
        if role is None or role in given:
            raise NotebookCheckError(_UNCLEAR, place.language)
        given[role] = thing
    return given


def _look_up(
    role: Role,
    models: dict[Role, ModelAtHand],
    remarks: dict[Role, Message],
    *,
    place: NotebookNames,
    must_be_model: bool,
) -> None:
    """Return the variable with this name, else the autoencoder's attribute with this name (`vae.encoder`)."""
    value = place.names.get(role.value)
    whole = models.get(Role.AUTOENCODER)
    inner = getattr(whole.model, role.value, None) if whole is not None else None
    if is_model(value):
        models[role] = ModelAtHand(value, role.value)
    elif whole is not None and is_model(inner):
        models[role] = ModelAtHand(inner, f"{whole.name}.{role.value}")
    elif value is not None:
        if must_be_model:
            _require_model(value, place)
        remarks[role] = message("{model}: no Keras model, but {kind}", model=ROLE_NAMES[role], kind=_kind(value))


def _layer(role: Role, models: Mapping[Role, ModelAtHand], place: NotebookNames) -> ModelAtHand | None:
    """Return the layer that is this half of an autoencoder: a variable, or an attribute of it."""
    whole = models.get(Role.AUTOENCODER)
    if whole is None or is_model(place.names.get(role.value)):
        return None
    candidates = {role.value: place.names.get(role.value), f"{whole.name}.{role.value}": _attribute(whole, role)}
    found = (
        (name, thing) for name, thing in candidates.items() if is_called_layer(thing) and holds(whole.model, thing)
    )
    return next((ModelAtHand(thing, name) for name, thing in found), None)


def _attribute(whole: ModelAtHand, role: Role) -> object:
    return vars(whole.model).get(role.value)


def _leave_out(
    focus: Role, models: dict[Role, ModelAtHand], remarks: dict[Role, Message], given: Mapping[Role, object]
) -> None:
    """Leave out models made from an earlier version of this half, so that no finding refers to them."""
    whole, half = models.get(Role.AUTOENCODER), models.get(focus)
    if half is None or Role.AUTOENCODER in given:
        return
    if whole is not None and holds(whole.model, half.model):
        return
    if whole is not None:
        del models[Role.AUTOENCODER]
        remarks[Role.AUTOENCODER] = message(
            "{model}: not made with this {half}, so it is left out here.",
            model=ROLE_NAMES[Role.AUTOENCODER],
            half=ROLE_NAMES[focus],
        )
    if focus is Role.ENCODER and Role.DECODER not in given:
        models.pop(Role.DECODER, None)  # it comes after the encoder, so the one that is there may be an old one


# Which model is which


def _role_of(thing: object, place: NotebookNames) -> Role | None:
    """Determine a role by the variable's name, else by input and output, else by the name in Keras."""
    by_name = [role for role in Role if place.names.get(role.value) is thing]
    if by_name:
        return by_name[0]
    takes, gives = (_holds_sample(thing, end, place.image) for end in ("input_shape", "output_shape"))
    if takes or gives:
        return Role.AUTOENCODER if takes and gives else Role.ENCODER if takes else Role.DECODER
    return next((role for role in Role if role.value == getattr(thing, "name", "")), None)


def _holds_sample(model: object, end: str, image: tuple[int, ...]) -> bool:
    try:
        shape = getattr(model, end, None)
    except (AttributeError, ValueError, RuntimeError):  # a model that was never built does not know it
        return False
    if isinstance(shape, list) and shape:
        shape = shape[0]
    lengths = _lengths(shape)
    return lengths is not None and holds_image(lengths, image)


def _lengths(shape: object) -> Shape | None:
    """Return the lengths of one sample if this is a shape with a batch axis."""
    if not isinstance(shape, tuple) or len(shape) < 2:
        return None
    lengths = shape[1:]
    return lengths if all(length is None or isinstance(length, int) for length in lengths) else None


# Objects that are not models

_UNCLEAR: Final = message(
    "It is not clear which of the three each model is. Give one model to the check of its name: {example}.",
    example='grader.check("encoder", encoder)',
)


def _require_model(thing: object, place: NotebookNames) -> None:
    if is_model(thing):
        return
    known = model_names(place.names)
    kind = _kind(thing)
    if known:
        reason = message(
            "This is no Keras model, but {kind} Keras models in this notebook: {models}.",
            kind=kind,
            models=", ".join(known),
        )
    else:
        reason = message("This is no Keras model, but {kind} There is no Keras model in this notebook yet.", kind=kind)
    raise NotebookCheckError(reason, place.language)


def _kind(thing: object) -> Message:
    if thing is None or thing is Ellipsis:
        return message("nothing yet.")
    if isinstance(thing, type):
        return message("the class `{name}`; make a model of it first.", name=thing.__name__)
    if callable(thing) and not hasattr(thing, "shape"):
        return message("a thing of the kind `{name}`; is a call missing?", name=type(thing).__name__)
    return message("a thing of the kind `{name}`.", name=type(thing).__name__)
