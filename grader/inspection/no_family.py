"""Why an autoencoder belongs to no family of the course: one sentence, the first reason that holds."""

from __future__ import annotations

from grader.domain.architecture import shape_size
from grader.domain.datasets import image_numbers, row_lengths
from grader.domain.inspection import Outline
from grader.domain.messages import Message, message
from grader.inspection.data_used import shape_in_words
from grader.inspection.recognition import is_linear, joins_branches, table_columns, takes_points


def why_no_family(outline: Outline) -> Message:
    """Return the reason why `family_of` found none."""
    architecture = outline.architecture
    shape = architecture.input_shape
    taken = shape_size(shape)
    if not architecture.layers:
        return message("Its layers could not be examined, and families are recognised by their layers.")
    if joins_branches(architecture) and not outline.is_variational:
        return message("Its layers are no chain: two ways are joined in it (Add, Concatenate), as in no family here.")
    if takes_points(taken) and not is_linear(architecture):
        return message("It takes points of three numbers, as `linear-pca` does, and is not linear.")
    if taken not in {*image_numbers(), None} or (taken is None and (not shape or shape[-1] not in row_lengths())):
        return message(
            "It takes {shape}. The families here take images of 28×28, rows of {columns} columns or points of three "
            "numbers.",
            shape=shape_in_words(shape),
            columns=f"{table_columns().start}–{table_columns().stop - 1}",
        )
    return message("It has no layer that the families here are made of: Dense, convolutions, recurrent ones.")
