"""The names and Keras models of a notebook, and the settings of `grader.use`.

Nothing here imports Keras: if the notebook has not imported it either, it contains no Keras model.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from types import FrameType
from typing import Final

_SETTINGS_NAME: Final = "_grader_settings"


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings from a notebook's first cell.

    Attributes:
        assignment: Id of the assignment.
        language: Language of the answers, or None.
        solutions: The course lets cells of the solution be shown.
    """

    assignment: str
    language: str | None
    solutions: bool = False


def notebook_names(caller: FrameType) -> MutableMapping[str, object]:
    """Return the variables of the notebook: IPython's if it runs, else the caller's global ones."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    names: MutableMapping[str, object] = caller.f_globals if shell is None else shell.user_ns
    return names


def keep_settings(names: MutableMapping[str, object], settings: Settings) -> None:
    """Store the settings among the notebook's variables, so that both have the same lifetime."""
    names[_SETTINGS_NAME] = settings


def kept_settings(names: Mapping[str, object]) -> Settings | None:
    """Return the settings of `grader.use`, None if it was not called."""
    found = names.get(_SETTINGS_NAME)
    return found if isinstance(found, Settings) else None


def is_model(thing: object) -> bool:
    """Return whether an object is a Keras model."""
    model_class = getattr(sys.modules.get("keras"), "Model", None)
    return isinstance(model_class, type) and isinstance(thing, model_class)


def is_called_layer(thing: object) -> bool:
    """Return whether an object is a Keras layer, not a model, that has weights and so was called."""
    layer_class = getattr(getattr(sys.modules.get("keras"), "layers", None), "Layer", None)
    is_layer = isinstance(layer_class, type) and isinstance(thing, layer_class) and not is_model(thing)
    return is_layer and bool(identities(thing))


def model_names(names: Mapping[str, object]) -> list[str]:
    """List the variables that hold a Keras model, in the order in which they were made."""
    return [name for name, value in list(names.items()) if not name.startswith("_") and is_model(value)]


def name_of(thing: object, names: Mapping[str, object]) -> str:
    """Return the notebook's name for a model, else its own name in Keras."""
    called = [name for name in model_names(names) if names[name] is thing]
    return called[0] if called else str(getattr(thing, "name", "")) or type(thing).__name__


def identities(model: object) -> frozenset[int]:
    """Return the identities of a model's weights, by which models that share layers are recognised."""
    return frozenset(id(variable) for variable in getattr(model, "weights", ()))


def holds(whole: object, part: object) -> bool:
    """Return whether a model is made of the layers of another, judged by its weights."""
    return identities(part) <= identities(whole)


def was_fitted(model: object, names: Mapping[str, object]) -> bool:
    """Return whether this model, or one that shares weights with it, was trained with an optimizer."""
    own = identities(model)
    others = [names[name] for name in model_names(names)]
    return any(steps_of(other) > 0 for other in (model, *others) if own & identities(other))


def steps_of(model: object) -> int:
    """Return how many training steps a model's optimizer remembers."""
    iterations = getattr(getattr(model, "optimizer", None), "iterations", None)
    return 0 if iterations is None else int(iterations)
