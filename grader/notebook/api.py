"""`grader.use`, `check`, `hint` and `solution`: the functions that a student calls in a cell."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Final

from grader.authoring.assignment_catalogue import assignment_ids
from grader.authoring.bundle import load_known
from grader.authoring.errors import AuthoringError, unknown
from grader.checks.rubric import rubric_mistakes
from grader.domain.assignment import Assignment
from grader.domain.evidence import RejectedClaimsError, not_accepted
from grader.domain.facts import ReferenceFacts
from grader.domain.messages import Message, message
from grader.locale import LANGUAGES
from grader.locale.translator import unknown_language
from grader.notebook.cell_output import Feedback
from grader.notebook.complaints import NotebookCheckError
from grader.notebook.exercises import Exercise, exercises_of, judged
from grader.notebook.exported_models import exported_models
from grader.notebook.hint_answers import Hint, next_layer
from grader.notebook.judging import JudgedModels, examine
from grader.notebook.models_at_hand import Gathered, NotebookNames, gather, gather_arrays, gather_everything
from grader.notebook.namespace import Settings, keep_settings, kept_settings, notebook_names
from grader.notebook.question import Question
from grader.notebook.untouched import apart

if TYPE_CHECKING:
    from grader.authoring.solution_cells import Solution

_BACKEND: Final = "tensorflow"


def use(assignment: str, *, language: str | None = None, solutions: bool = False) -> None:
    """Set, in the notebook's first cell, the assignment and the language of the answers.

    Args:
        assignment: Id of the assignment (`stacked`), or a file or an address (`https://…`) that `grader publish` wrote.
        language: `es` or `en`; Spanish where nothing is said.
        solutions: The course lets `grader.solution` show the cells of the solution.

    Raises:
        NotebookCheckError: There is no such assignment or language; the text names the nearest and all there are.
    """
    spoken = _language(language)
    _loaded(assignment, spoken)
    keep_settings(notebook_names(sys._getframe(1)), Settings(assignment, spoken, solutions))


def check(name: str, *things: object, assignment: str | None = None, language: str | None = None) -> Feedback:
    """Run the public checks on the current models.

    Args:
        name: `encoder`, `decoder` or `autoencoder` for all that can be judged of it by now; the id of a check of the
            assignment's rubric (`shapes`, `layers`, `reconstruction` …) for that one alone; the name of a step that is
            known by values (`compile`, `backward`, `threshold` …); or `all`.
        things: The Keras models, the named one first. Those not given are the notebook's variables `encoder`,
            `decoder` and `autoencoder`.
        assignment: Id of the assignment; by default that of `grader.use`.
        language: `es` or `en`; likewise.

    Returns:
        What was found: HTML in Jupyter and Colab, text elsewhere; `passed` says in short whether all is right.

    Raises:
        NotebookCheckError: The name is none, a thing is no Keras model, or nobody said which assignment this is.
    """
    names = notebook_names(sys._getframe(1))
    settings = kept_settings(names)
    if not isinstance(name, str):
        raise NotebookCheckError(_NAME_FIRST, _spoken(language, settings))
    chosen, spoken = _chosen(settings, assignment, language)
    question = _question(name, chosen, spoken)
    exercise = exercises_of(question.assignment).get(name)
    if exercise is not None:
        return _exercised(exercise, {**names, exercise.name: things[0]} if things else names, question)
    gathered = _gathered(question, things, NotebookNames(names, question.image, spoken))
    return question.answered(gathered, _examined(question, gathered))


def hint(name: str, *, assignment: str | None = None, language: str | None = None) -> Hint:
    """Help with one step: first a question; at the second call a direction; at the third code with gaps.

    Args:
        name: What for: `encoder`, `decoder`, `autoencoder`, `compile`, `fit`, a check of the rubric, or a function that
            the assignment asks for.
        assignment: Id of the assignment; by default that of `grader.use`.
        language: `es` or `en`; likewise.

    Raises:
        NotebookCheckError: There is no hint of this name, or nobody said which assignment this is.
    """
    from grader.authoring.hints import hint_names, hints_for

    names = notebook_names(sys._getframe(1))
    chosen, spoken = _chosen(kept_settings(names), assignment, language)
    found, facts = _loaded(chosen, spoken)
    _require_material(found, spoken)
    try:
        layers = hints_for(name, found, facts, spoken)
    except AuthoringError as error:
        raise NotebookCheckError(error.summary, spoken) from error
    if not layers:
        summary = message("There is no hint for {name}.", name=str(name))
        raise NotebookCheckError(unknown(summary, str(name), hint_names(found)).summary, spoken)
    return Hint(name, layers[: next_layer(names, f"{chosen} {name}")], spoken)


def solution(name: str, *, assignment: str | None = None, language: str | None = None) -> Solution:
    """Show the cell of the solution, if the course allows it (`solutions = true` in its `course.toml`).

    Args:
        name: The cell: `encoder`, `decoder`, `autoencoder`, `compile`, `fit`, a function that the assignment asks for.
        assignment: Id of the assignment; by default that of `grader.use`.
        language: `es` or `en`; likewise.

    Raises:
        NotebookCheckError: The course does not allow it, or there is no such cell.
    """
    from grader.authoring.solution_cells import Solution, solution_cells  # renders a template: not for every check

    names = notebook_names(sys._getframe(1))
    settings = kept_settings(names)
    chosen, spoken = _chosen(settings, assignment, language)
    if settings is None or not settings.solutions:
        raise NotebookCheckError(
            message("This course shows no solutions. A hint may do: {call}", call=f'grader.hint("{name}")'), spoken
        )
    found, _ = _loaded(chosen, spoken)
    _require_material(found, spoken)
    try:
        cells = solution_cells(found, spoken)
    except AuthoringError as error:
        raise NotebookCheckError(error.summary, spoken) from error
    if name not in cells:
        summary = message("There is no cell {name} in the solution.", name=str(name))
        raise NotebookCheckError(unknown(summary, str(name), cells).summary, spoken)
    return Solution(cells[name])


def _spoken(language: str | None, settings: Settings | None) -> str:
    return _language(language or (settings.language if settings is not None else None))


def _chosen(settings: Settings | None, assignment: str | None, language: str | None) -> tuple[str, str]:
    """Return assignment and language of a call: its own, else those of `grader.use`."""
    spoken = _spoken(language, settings)
    chosen = assignment or (settings.assignment if settings is not None else None)
    if chosen is None:
        raise NotebookCheckError(_NO_ASSIGNMENT, spoken)
    return chosen, spoken


_NAME_FIRST: Final = message(
    "The first argument is the name of the check, the models come after it: {example}.",
    example='grader.check("encoder", encoder)',
)
_NO_ASSIGNMENT: Final = message(
    "Which assignment is this? Write {use} in the first cell and run it, or add {argument} to this call.",
    use='grader.use("stacked", language="es")',
    argument='assignment="stacked"',
)


def _language(asked: str | None) -> str:
    language = LANGUAGES[0] if asked is None else asked
    if language not in LANGUAGES:
        reason = unknown_language(value=str(asked), known=", ".join(LANGUAGES))
        raise NotebookCheckError(reason, LANGUAGES[0])
    return language


def _question(name: str, assignment_id: str, language: str) -> Question:
    assignment, facts = _loaded(assignment_id, language)
    question = Question(name, assignment, facts, language)
    known = (*question.known_names, *exercises_of(assignment))
    if name not in known:
        summary = message("There is no check {name}.", name=name)
        raise NotebookCheckError(unknown(summary, name, set(known)).summary, language)
    return question


def _loaded(name: str, language: str) -> tuple[Assignment, ReferenceFacts]:
    """Return an assignment and the facts of its reference: one of ours, or one that an instructor published."""
    try:
        assignment, facts = _ours(name) if name in assignment_ids() else load_known(name)
    except AuthoringError as error:
        raise NotebookCheckError(error.summary, language) from error
    if mistakes := rubric_mistakes(assignment.rubric):  # published for another version of the grader
        raise NotebookCheckError(mistakes[0].reason, language)
    return assignment, facts


@cache
def _ours(name: str) -> tuple[Assignment, ReferenceFacts]:
    """Return an assignment of ours, read once: its files do not change while a notebook is open."""
    return load_known(name)


def _exercised(exercise: Exercise, names: Mapping[str, object], question: Question) -> Feedback:
    """Judge one step on functions and values, without changing the state of the student's random generators."""
    result, pending = apart(lambda: judged(exercise, names), [])
    return Feedback(
        asked=exercise.name,
        assignment=question.assignment,
        language=question.language,
        results=() if result is None else (result,),
        pending=pending,
        complete=result is not None,
        remark=_OF_A_STEP,
        title=exercise.title,
    )


_OF_A_STEP: Final = message("This check is for you: it gives and takes no points.")


def _require_material(assignment: Assignment, language: str) -> None:
    """Refuse an assignment without a template: a published one contains only rubric and facts."""
    if not assignment.has_material:
        raise NotebookCheckError(message("A published assignment holds no hints and no solution."), language)


def _gathered(question: Question, things: Sequence[object], place: NotebookNames) -> Gathered:
    if question.in_numpy:
        return gather_arrays(things, place)
    if question.of_all_models:
        return gather_everything(things, place)
    return gather(things, question.focus, place)


def _examined(question: Question, gathered: Gathered) -> JudgedModels:
    """Judge the models in a separate thread; nothing is started if there is nothing to judge."""
    items = question.judgeable(gathered)
    if not items:
        return JudgedModels({}, ())
    _require_backend(question.language)
    _start_quietly(question.language)

    def work() -> JudgedModels:
        with exported_models(gathered, question.measured_by.facts.input_shapes) as shown:
            return examine(items, shown, question.measured_by, question.focus)

    try:
        return apart(work, [found.model for found in gathered.models.values()])
    except RejectedClaimsError as error:
        raise NotebookCheckError(_too_much(error), question.language) from error


def _start_quietly(language: str) -> None:
    """Start TensorFlow if the notebook has not, before its messages about graphics cards get into the answer.

    They would frighten a student, and nbgrader gives nothing for a cell that writes to stderr.
    """
    if "tensorflow" not in sys.modules:
        from grader.rebuild.client import MissingTensorFlowError, require_tensorflow
        from grader.rebuild.quiet import start_tensorflow

        try:
            require_tensorflow()
        except MissingTensorFlowError as missing:
            raise NotebookCheckError(missing.reason, language) from missing
        start_tensorflow()


def _require_backend(language: str) -> None:
    """Refuse to measure if Keras uses another backend: the measuring process needs TensorFlow."""
    keras = sys.modules.get("keras")  # not there yet in a notebook that does without it
    backend = _BACKEND if keras is None else keras.backend.backend()
    if backend != _BACKEND:
        reason = message(
            "Keras runs on {backend} here, and the checks need TensorFlow: restart the notebook and leave the variable "
            "KERAS_BACKEND alone.",
            backend=str(backend),
        )
        raise NotebookCheckError(reason, language)


def _too_much(error: RejectedClaimsError) -> Message:
    return not_accepted(problem=str(error))
