"""Keras models in the order in which a kernel makes them; this list keeps none of them alive."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Sequence
from types import ModuleType
from typing import Any

MAX_PARTS = 8
_FIRST_CLEANING = 256
_FRAMES_SEEN = 60
"""Callers that are looked through for each model that is made."""


class CreatedModels:
    """Weak references to all models, the oldest first."""

    def __init__(self) -> None:
        self._known: list[weakref.ref[Any]] = []
        self._clean_at = _FIRST_CLEANING

    def watch(self, module: ModuleType) -> None:
        """Record every `keras.Model` that is made from now on, whatever its class, except those of the grader itself.

        Without a sandbox, `grader.check` runs in the notebook's own kernel and rebuilds the models there.

        Args:
            module: `keras.src.models.model`.
        """
        make = module.Model.__new__

        def noted_new(cls: type[Any], *args: Any, **kwargs: Any) -> Any:
            model = make(cls, *args, **kwargs)
            if not _is_the_graders():
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


def _is_the_graders() -> bool:
    """Return whether a module of the grader's package stands among the callers."""
    frame = sys._getframe(2)
    for _ in range(_FRAMES_SEEN):
        if str(frame.f_globals.get("__name__", "")).startswith("grader."):
            return True
        if frame.f_back is None:
            return False
        frame = frame.f_back
    return False


def _ids(model: Any) -> set[int]:
    try:
        return {id(variable) for variable in model.weights}
    except Exception:  # a model broken by its author holds nothing that we could find
        return set()
