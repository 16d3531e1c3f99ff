"""A layer with a regulariser of the notebook's own tells its settings all the same."""

from __future__ import annotations

from typing import Any

import keras

from grader.probe.settings import describe


class Quiet(keras.regularizers.Regularizer):
    """A regulariser without `get_config`, as in a well-known book."""

    def __call__(self, x: Any) -> Any:
        return 0.01 * keras.ops.sum(keras.ops.abs(x))


def test_a_regulariser_that_cannot_tell_its_settings_hides_no_others() -> None:
    """Its name stands in its place, and the layer keeps it."""
    mine = Quiet()
    layer = keras.layers.Dense(30, activation="sigmoid", activity_regularizer=mine, use_bias=False)
    config = describe(layer)["config"]
    asked = {key: config[key] for key in ("units", "activation", "use_bias", "activity_regularizer")}
    assert asked == {"units": 30, "activation": "sigmoid", "use_bias": False, "activity_regularizer": "Quiet"}
    assert layer.activity_regularizer is mine


def test_a_layer_whose_own_settings_fail_says_nothing() -> None:
    """A notebook's own class that raises is described by its name alone."""

    class Broken(keras.layers.Layer):
        def get_config(self) -> dict[str, Any]:
            raise RuntimeError("never")

    assert describe(Broken())["config"] == {}
