"""Which Keras models a kernel notes as they are made."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from grader.probe.created_models import CreatedModels


def test_models_that_the_grader_makes_are_not_the_notebooks() -> None:
    """Without a sandbox, `grader.check` rebuilds arrays as a Keras model in the notebook's own kernel."""
    models, module = CreatedModels(), ModuleType("model")
    module.Model = type("Model", (), {})  # type: ignore[attr-defined]
    models.watch(module)
    make = "def make(model):\n    return model()\n"
    ours: dict[str, Any] = {"__name__": "grader.notebook.judging"}
    theirs: dict[str, Any] = {"__name__": "__main__"}
    exec(make, ours)  # noqa: S102 - a module of that name
    exec(make, theirs)  # noqa: S102 - a notebook
    kept = [ours["make"](module.Model), theirs["make"](module.Model)]
    assert models.living() == kept[1:]
