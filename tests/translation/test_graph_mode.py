"""Calls that turn eager execution off are found, however TensorFlow was imported."""

from __future__ import annotations

import pytest

from grader.domain.submission import CodeCell, Notebook
from grader.translation.old_code import read_old_code


@pytest.mark.parametrize(
    "source",
    [
        "import tensorflow as tf\ntf.compat.v1.disable_eager_execution()",
        "import tensorflow.compat.v1 as tf\ntf.disable_v2_behavior()",
        "from tensorflow.python.framework.ops import disable_eager_execution\ndisable_eager_execution()",
    ],
)
def test_a_call_that_turns_eager_execution_off_explains_whatever_comes_below(source: str) -> None:
    """Its sentence names the line, and says what to do."""
    (found,) = read_old_code(Notebook((CodeCell(3, "", source),))).found
    assert (found.cell_index, found.line, found.far, found.signs, found.applied) == (3, 2, True, ("",), False)
    assert found.why.msgid.endswith("Delete this line.")


def test_turning_eager_execution_on_or_asking_for_it_is_nothing() -> None:
    """Only what turns it off does harm."""
    source = "import tensorflow as tf\ntf.compat.v1.enable_eager_execution()\ntf.executing_eagerly()"
    assert read_old_code(Notebook((CodeCell(0, "", source),))).found == ()
