"""Why an autoencoder belongs to no family of the course: one sentence, the first reason that holds."""

from __future__ import annotations

from grader.domain.architecture import shape_size
from grader.domain.inspection import Outline
from grader.domain.messages import Message, message
from grader.inspection.data_used import shape_in_words
from grader.inspection.recognition import CARD_COLUMNS, IMAGE_NUMBERS, POINT_NUMBERS, is_linear, joins_branches


def why_no_family(outline: Outline) -> Message:
    """Return the reason why `family_of` found none."""
    architecture = outline.architecture
    shape = architecture.input_shape
    taken = shape_size(shape)
    if not architecture.layers:
        return message("Its layers could not be looked at, and families are told apart by layers.")
    if joins_branches(architecture) and not outline.is_variational:
        return message("Its layers are no chain: two ways are joined in it (Add, Concatenate), as in no family here.")
    if taken == POINT_NUMBERS and not is_linear(architecture):
        return message("It takes points of three numbers, as `linear-pca` does, and is not linear.")
    if taken not in (IMAGE_NUMBERS, None) or (taken is None and (not shape or shape[-1] != 28)):
        return message(
            "It takes {shape}. The families here take images of 28×28, rows of {columns} columns or points of three "
            "numbers.",
            shape=shape_in_words(shape),
            columns="–".join(map(str, (CARD_COLUMNS.start, CARD_COLUMNS.stop - 1))),
        )
    return message("It has no layer that the families here are made of: Dense, convolutions, recurrent ones.")
