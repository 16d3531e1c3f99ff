"""Words that several checks share: names of models, layers and shapes.

Layers are written in Keras's own notation, `Dense(units=100, activation=relu)`, which is the same in every language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from grader.checks.core.subject import Subject
from grader.domain.architecture import AttributeValue, Layer, Shape
from grader.domain.cell_places import Places, line_title
from grader.domain.datasets import SAMPLE_WORDS, SampleKind, SampleWords, title_of, words_for
from grader.domain.facts import ReferenceFacts
from grader.domain.measurement import Role
from grader.domain.messages import Message, MessageValue, message, verbatim
from grader.domain.outdated import Translation
from grader.domain.text import shortened

WHY_SAME_SIZE: Final = message(
    "An autoencoder gives back what it was given: the two can only be compared at the same size."
)


LONGEST_TEXT: Final = 300
"""Most characters that are kept of a text from a notebook."""

ROLE_NAMES: Final[Mapping[Role, Message]] = {
    Role.ENCODER: message("encoder"),
    Role.DECODER: message("decoder"),
    Role.AUTOENCODER: message("autoencoder"),
}
"""Names of the three models, for people."""


IMAGE: Final = SAMPLE_WORDS[SampleKind.IMAGES]


def sample_words(facts: ReferenceFacts) -> SampleWords:
    """Return the words for the reference's data; "sample" if the data set is not ours."""
    return words_for(facts.dataset)


def notebook() -> Message:
    """Name the notebook as a whole."""
    return message("The notebook as a whole")


def model(subject: Subject, role: Role) -> Message:
    """Name a model by its role and, if we know it, by the student's name for it."""
    found = subject.model(role)
    if found is None or not found.name:
        return message("The {role}", role=ROLE_NAMES[role])
    return message("The {role}, called “{name}” in the notebook", role=ROLE_NAMES[role], name=found.name)


def where_and_why(old: Translation, places: Places) -> Message:
    """Say where a piece of old code is and why it is outdated."""
    return message("{place}: {why}", place=line_title(old.cell_index, old.line, places), why=old.why)


def other_data(subject: Subject) -> Message | None:
    """Say that the autoencoder was trained on images other than the assignment's; None if it was not."""
    foreign = subject.measurements.foreign
    if not foreign:
        return None
    return message(
        "The model gives back images of {other} far better: it was trained on them, and an autoencoder is specific to "
        "its data. This assignment asks for {allowed}.",
        other=title_of(foreign),
        allowed=_or([title_of(name) for name in subject.facts.datasets]),
    )


def _or(names: Sequence[Message]) -> Message:
    first, *others = names
    return first if not others else message("{first} or {others}", first=first, others=_or(others))


def idle_training(subject: Subject) -> Message | None:
    """Return, with its place, old code that silently changed the training; None if there is none."""
    for old in subject.old_code:
        if old.training:
            return where_and_why(old, subject.places)
    return None


def brief(text: str) -> str:
    """Return the text on one line, at most `LONGEST_TEXT` characters of it."""
    return shortened(" ".join(text.split()), LONGEST_TEXT)


def shape(lengths: Shape) -> Message:
    """Write a shape as Keras prints it, `(28, 28)`; an open dimension is `None`."""
    inside = ", ".join(str(length) for length in lengths)
    return verbatim(f"({inside},)" if len(lengths) == 1 else f"({inside})")


def layer(found: Layer, attributes: Mapping[str, AttributeValue]) -> Message:
    """Write a layer in Keras's notation with only these attributes."""
    inside = ", ".join(f"{name}={_value(value)}" for name, value in attributes.items())
    return verbatim(f"{found.kind}({inside})")


def _value(value: AttributeValue) -> str:
    if isinstance(value, tuple):
        return "(" + ", ".join(str(part) for part in value) + ")"
    return str(value)


def code_of(*, size: MessageValue) -> Message:
    """Say how many numbers a code has."""
    return message("A code of {size} numbers.", size=size)


def no_such_model(*, role: MessageValue) -> Message:
    """Say that no model has this role."""
    return message("No such model was found under any name: {role}.", role=role)


def sample_shape(*, shape: MessageValue) -> Message:
    """State the shape of one sample."""
    return message("The shape of one sample is {shape}.", shape=shape)


def lacking_modules(*, modules: MessageValue) -> Message:
    """Say that the machine, and not the notebook, lacks modules."""
    return message("Our machine lacks modules that the notebook imports: {modules}.", modules=modules)
