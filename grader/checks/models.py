"""`models`: the three models of the lecture are there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from grader.checks.absence import why_unknown
from grader.checks.subject import Subject
from grader.checks.verdict import Verdict, by_share, failed, passed, ungradable
from grader.checks.wording import ROLE_NAMES, notebook
from grader.domain.assignment import RubricItem
from grader.domain.grade import Finding
from grader.domain.measurement import MeasuringProblem, Role
from grader.domain.messages import Message, message
from grader.domain.run import RunStatus

_EXPECTED: Final[Mapping[Role, Message]] = {
    Role.AUTOENCODER: message("A Keras model that takes an image and gives an image, still alive after the last cell."),
    Role.ENCODER: message("A Keras model of its own that takes an image and gives its code."),
    Role.DECODER: message("A Keras model of its own that takes a code and gives an image."),
}

_WHY: Final[Mapping[Role, Message]] = {
    Role.AUTOENCODER: message(
        "An autoencoder is a model that learns, without labels, to give back the image it was given."
    ),
    Role.ENCODER: message("Compression, plots of the codes and search by similarity use the encoder alone."),
    Role.DECODER: message("Decompression and new images use the decoder alone."),
}

_HINT: Final[Mapping[Role, Message]] = {
    Role.AUTOENCODER: message("Is the model kept in a variable, and does its last layer have the size of the image?"),
    Role.ENCODER: message("A tensor or a function is no model: which Keras class makes one from its input and output?"),
    Role.DECODER: message("A decoder needs an input of its own, with the size of the code."),
}


def check_models(subject: Subject, item: RubricItem) -> Verdict:  # noqa: ARG001
    """Encoder, decoder and autoencoder exist as Keras models, whatever they are called.

    Each counts a third. Where a model is missing and the run was cut, or our own measuring failed, a person looks.
    """
    missing = [role for role in Role if subject.model(role) is None]
    if not missing:
        return passed(message("Encoder, decoder and autoencoder were found."))
    unknown = why_unknown(subject)
    broken = tuple(_broken(problem) for problem in subject.measurements.problems)
    if unknown is not None:
        reason = message("We cannot tell whether a model is missing. {reason}", reason=unknown)
        return ungradable(reason, findings=broken)
    findings = (*(_absent(role) for role in missing), *broken)
    if Role.AUTOENCODER in missing:
        return failed(_no_autoencoder(subject), findings)
    share = (len(Role) - len(missing)) / len(Role)
    return by_share(share, message("An autoencoder was found; missing: {roles}.", roles=_listed(missing)), findings)


def _listed(roles: list[Role]) -> Message:
    first, *others = roles
    if not others:
        return ROLE_NAMES[first]
    return message("{first}, {others}", first=ROLE_NAMES[first], others=_listed(others))


def _no_autoencoder(subject: Subject) -> Message:
    if subject.run.status is RunStatus.RAISED:
        return message("No autoencoder was found; the cells that ended with an error may be the cause.")
    return message("No autoencoder was found.")


def _absent(role: Role) -> Finding:
    return Finding(
        where=notebook(),
        expected=_EXPECTED[role],
        actual=message("No such model was found under any name: {role}.", role=ROLE_NAMES[role]),
        why=_WHY[role],
        hint=_HINT[role],
    )


def _broken(problem: MeasuringProblem) -> Finding:
    where = message("The model “{name}”", name=problem.model) if problem.model else notebook()
    return Finding(
        where=where,
        expected=message("A model made of Keras layers, which can be built again and measured."),
        actual=problem.reason,
        why=message(
            "Only a model that can be built again outside the notebook can be measured on images it never saw."
        ),
        hint=message("Call the model on a few images in the notebook: does it answer, and with which shape?"),
    )
