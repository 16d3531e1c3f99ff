"""Keras models in the order in which a kernel makes them; this list keeps none of them alive."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from types import ModuleType
from typing import Any

MAX_PARTS = 8
_FIRST_CLEANING = 256


class CreatedModels:
    """Weak references to all models, the oldest first."""

    def __init__(self) -> None:
        self._known: list[weakref.ref[Any]] = []
        self._clean_at = _FIRST_CLEANING

    def watch(self, module: ModuleType) -> None:
        """Record every `keras.Model` that is made from now on, whatever its class.

        Args:
            module: `keras.src.models.model`.
        """
        make = module.Model.__new__

        def noted_new(cls: type[Any], *args: Any, **kwargs: Any) -> Any:
            model = make(cls, *args, **kwargs)
            self.add(model)
            return model

        module.Model.__new__ = staticmethod(noted_new)

    def add(self, model: Any) -> None:
        """Record a model; the same model twice in a row is one that passes through two constructors."""
        if self._known and self._known[-1]() is model:
            return
        self._known.append(weakref.ref(model))
        if len(self._known) >= self._clean_at:
            self._known = [known for known in self._known if known() is not None]
            self._clean_at = max(_FIRST_CLEANING, 2 * len(self._known))

    def living(self) -> list[Any]:
        """List the models that are alive, each once."""
        alive = [known() for known in self._known]
        return list({id(model): model for model in alive if model is not None}.values())

    def holding(self, variables: Sequence[Any]) -> list[Any]:
        """List the fewest models that hold these variables: the smallest one that holds most, then one for the rest.

        A loop that trains an encoder and a decoder trains two models; one that trains an autoencoder made of them, one.
        """
        wanted = {id(variable) for variable in variables}
        sets = [(model, _ids(model)) for model in self.living()]
        found: list[Any] = []
        while wanted and len(found) < MAX_PARTS:
            model, held = max(sets, key=lambda one: (len(one[1] & wanted), -len(one[1])), default=(None, set()))
            if not held & wanted:
                break
            found.append(model)
            wanted -= held
        return found


def _ids(model: Any) -> set[int]:
    try:
        return {id(variable) for variable in model.weights}
    except Exception:  # a model broken by its author holds nothing that we could find
        return set()
