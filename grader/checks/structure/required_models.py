"""`models`: the three models of the lecture exist."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from grader.checks.core.absence import perhaps_missing, why_unknown
from grader.checks.core.check import Check, Needs, TrainingUse
from grader.checks.core.halves import EVERY_MODEL
from grader.checks.core.parameters import Parameter
from grader.checks.core.phrases import ROLE_NAMES, no_such_model, notebook, sample_words
from grader.checks.core.subject import Subject
from grader.checks.core.verdict import Verdict, by_share, passed, ungradable
from grader.domain.assignment import RubricItem
from grader.domain.datasets import SampleWords
from grader.domain.grade import Finding
from grader.domain.measurement import MeasuringProblem, Role
from grader.domain.messages import Message, message
from grader.domain.run import RunStatus

LAYERS_SUFFICE: Final[Parameter[tuple[str, ...]]] = Parameter(
    "layers_suffice", (), message("roles that need no model of their own: layers within the autoencoder do their job")
)


def is_missing(subject: Subject, role: Role, item: RubricItem) -> bool:
    """Return whether a role is not filled; layers of the autoencoder fill it if the rubric says so."""
    if subject.model(role) is not None:
        return False
    return role.value not in LAYERS_SUFFICE.of(item) or role not in subject.measurements.models


def check_models(subject: Subject, item: RubricItem) -> Verdict:
    """Encoder, decoder and autoencoder exist and can be called separately; their names are free.

    A Keras model counts, and so does a layer, an attribute or a method of the notebook's own class that does the job; a
    tensor does not. Two halves that were trained together are an autoencoder. Each model counts a third. If one is
    missing and the run was cut short, or our own measuring failed, a person looks.
    """
    missing = [role for role in Role if is_missing(subject, role, item)]
    if not missing:
        return passed(message("Encoder, decoder and autoencoder were found."))
    unknown = why_unknown(subject)
    words = sample_words(subject.facts)
    broken = tuple(_broken(problem, words) for problem in subject.measurements.problems)
    if unknown is not None:
        reason = perhaps_missing(reason=unknown)
        return ungradable(reason, findings=broken)
    findings = (*(_with_named_tensor(subject, role, _ABSENT[role](words)) for role in missing), *broken)
    share = (len(Role) - len(missing)) / len(Role)
    if Role.AUTOENCODER in missing:
        return by_share(share, _no_autoencoder(subject), findings)
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


def _no_such_model(role: Role) -> Message:
    return no_such_model(role=ROLE_NAMES[role])


def _with_named_tensor(subject: Subject, role: Role, finding: Finding) -> Finding:
    """Name the tensor of the autoencoder's graph that does what the missing model should do, if there is one."""
    cut = subject.measurements.models.get(role)
    if role is Role.AUTOENCODER or cut is None or not cut.name:
        return finding
    return replace(finding, actual=message("There is only a tensor and no model: {name}.", name=cut.name))


def _absent_autoencoder(words: SampleWords) -> Finding:
    return Finding(
        where=notebook(),
        expected=message(
            "A Keras model that takes {one} and gives {one}, still alive after the last cell.", one=words.one
        ),
        actual=_no_such_model(Role.AUTOENCODER),
        why=message(
            "An autoencoder is a model that learns, without labels, to give back {the} it was given.", the=words.the
        ),
        hint=message("Is the model kept in a variable, and does its last layer have the size of {the}?", the=words.the),
    )


def _absent_encoder(words: SampleWords) -> Finding:
    return Finding(
        where=notebook(),
        expected=message("A Keras model or layer of its own that takes {one} and gives its code.", one=words.one),
        actual=_no_such_model(Role.ENCODER),
        why=message("Compression, plots of the codes and search by similarity use the encoder alone."),
        hint=message("A tensor or a function is no model: which Keras class makes one from its input and output?"),
    )


def _absent_decoder(words: SampleWords) -> Finding:
    return Finding(
        where=notebook(),
        expected=message("A Keras model or layer of its own that takes a code and gives {one}.", one=words.one),
        actual=_no_such_model(Role.DECODER),
        why=message("Decompression and new {many} use the decoder alone.", many=words.many),
        hint=message("A decoder needs an input of its own, with the size of the code."),
    )


_ABSENT: Final[Mapping[Role, Callable[[SampleWords], Finding]]] = {
    Role.AUTOENCODER: _absent_autoencoder,
    Role.ENCODER: _absent_encoder,
    Role.DECODER: _absent_decoder,
}


def _broken(problem: MeasuringProblem, words: SampleWords) -> Finding:
    where = message("The model “{name}”", name=problem.model) if problem.model else notebook()
    return Finding(
        where=where,
        expected=message("A model made of Keras layers, which can be built again and measured."),
        actual=problem.reason,
        why=message(
            "Only a model that can be built again outside the notebook can be measured on {many} it never saw.",
            many=words.many,
        ),
        hint=message(
            "Call the model on a few {many} in the notebook: does it answer, and with which shape?", many=words.many
        ),
    )


CHECKS: Final = (
    Check(
        "models",
        check_models,
        Needs((EVERY_MODEL,), TrainingUse.NONE, layers=False, samples=False, some_models=True, by_layers=True),
        parameters=(LAYERS_SUFFICE,),
    ),
)
