"""Starts TensorFlow without its messages about graphics cards on standard error."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


def start_tensorflow(threads: int = 0) -> None:
    """Import TensorFlow and open its devices, quietly.

    Args:
        threads: Threads within one operation and across operations; 0 for as many as there are cores.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _without_standard_error():
        import tensorflow as tf

        if threads:  # otherwise TensorFlow chooses, and may have chosen already
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(threads)
        tf.zeros(1)


@contextmanager
def _without_standard_error() -> Iterator[None]:
    """Discard what compiled code writes to file descriptor 2; Python's exceptions are raised as usual."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
