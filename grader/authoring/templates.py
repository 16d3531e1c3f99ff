r"""Notebook template → script in the percent format, for one language and one version.

A template is `assignments/<id>/notebook.py.j2`; the common parts of all templates are in `assignments/_base`. Both are
data: they may use only the names below (an unknown name is an error, never an empty string).

| name | is |
|---|---|
| `language`, `solution` | `es` or `en`; whether this is the solution version |
| `assignment`, `title` | id and title of the assignment |
| `text.<key>` | prose of `[text.<language>]`, itself rendered with the names of this table but `text` |
| `reference.<NAME>` | a constant of the reference's module (`reference.CODE_SIZE`) |
| `publication` | where the course says that its notebooks and the package are: `notebook_url(…)`, `badge`, `package` |
| `rubric`, `points_possible` | rows `number, title, points, needs`, and their sum |
| `x \| commented`, `x \| number(decimals)` | lines behind `# `; a number as this language writes it |
| `given(name, module, docstring)` | a function, class or constant that students get as it is |
| `body(function, target)`, `assigned(function, variable)` | the reference's source; **in the solution version alone** |
| `source(name, module, docstring)` | a whole function, class or constant of it; **in the solution version alone** |

`given` quotes the modules of `GIVEN_MODULES`, and of the reference itself only the names in its tuple `GIVEN`. With
`source` it leaves annotations, comments and docstrings out; `docstring`, in the notebook's language, takes the latter's
place. `body` and `assigned` take a `module` as well, where the solution is in a helper module.

Because these last functions do not exist while a student version is rendered, a template that would show the
solution to students does not render at all.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, TemplateSyntaxError

from grader.authoring import quotation
from grader.authoring.assignment_catalogue import assignments_folder, reference_module, reference_source
from grader.authoring.assignment_overview import overview_of
from grader.authoring.course_settings import NOT_PUBLISHED, Publication
from grader.authoring.errors import AuthoringError, Problem, unknown, unusable
from grader.authoring.template_names import is_plain, template_problems, text_problem, text_problems
from grader.domain.assignment import Assignment
from grader.domain.messages import message, verbatim

TEMPLATE = "notebook.py.j2"

GIVEN_MODULES = ("cloud", "sampling", "card_data", "detection")
"""Modules of `reference/` with material for students; the others contain solutions."""


@dataclass(frozen=True, slots=True)
class Version:
    """Which notebook of an assignment to make.

    Attributes:
        language: `es` or `en`.
        solution: The instructor's version, with the reference's code in the solution cells.
        publication: Where the course publishes it.
    """

    language: str
    solution: bool
    publication: Publication = NOT_PUBLISHED


class Texts(SimpleNamespace):
    """The texts of one language by key; a namespace, so that no key is mistaken for a method of a dict."""


class Constants(SimpleNamespace):
    """The constants of the reference's module by name."""


@dataclass(frozen=True, slots=True)
class RubricRow:
    """A row of the rubric table.

    Attributes:
        number: Position in the table, from 1.
        title: What is checked.
        points: Points possible.
        needs: Numbers of the rows that must have passed, `2, 8`, or "".
    """

    number: int
    title: str
    points: float
    needs: str


def render_script(assignment: Assignment, version: Version, *, references: Path) -> str:
    """Render an assignment's template.

    Args:
        assignment: The assignment; its template stands in its folder.
        version: Language, and student or solution.
        references: Folder of the references' modules.

    Raises:
        AuthoringError: The template or a text uses an unknown name or is not valid Jinja; with file and line.
    """
    environment = _environment(assignment, version, references)
    _require_names(environment, assignment, version.language)
    texts = _rendered_texts(environment, assignment, version.language)
    environment.globals["text"] = Texts(**texts)
    try:
        return environment.get_template(TEMPLATE).render().strip() + "\n"
    except TemplateError as error:
        raise unusable(assignment.assignment, [_template_problem(assignment, error)]) from error


# ----------------------------------------------------------------------------------------------------------------------


def _environment(assignment: Assignment, version: Version, references: Path) -> Environment:
    folders = [assignment.folder, assignment.folder.parent]
    if not any((assignment.folder.parent / "_base").glob("*.j2")):  # a course that takes over ours
        folders.append(assignments_folder())
    environment = Environment(  # noqa: S701  (what comes out is Python and Markdown; nothing here is HTML)
        loader=FileSystemLoader(folders),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["commented"] = _commented
    environment.filters["number"] = lambda value, decimals=None: _number(value, version.language, decimals)
    module = reference_module(assignment.reference, folder=references)
    environment.globals.update(
        language=version.language,
        solution=version.solution,
        publication=version.publication,
        assignment=assignment.assignment,
        title=assignment.title[version.language],
        reference=Constants(**quotation.constants(module)),
        rubric=_rubric_rows(assignment, version.language),
        points_possible=assignment.points_with_questions,
        glance=overview_of(assignment, version.language, references=references),
    )
    environment.globals.update(_giving(assignment.reference, references))
    if version.solution:
        environment.globals.update(_quoting(assignment.reference, references))
    return environment


def _giving(reference: str, references: Path) -> Mapping[str, object]:
    def given(name: str, module: str = "", docstring: str = "") -> str:
        if module and module not in GIVEN_MODULES:
            known = ", ".join(GIVEN_MODULES)
            raise AuthoringError(
                message("{module} is not given to students; modules that are: {known}.", module=module, known=known)
            )
        if not module and name not in _given_names(reference_module(reference, folder=references)):
            raise AuthoringError(
                message(
                    "{name} is not given to students: the tuple GIVEN of {module} lacks it.",
                    name=name,
                    module=reference,
                )
            )
        return _definition(name, module or reference, references, docstring)

    return {"given": given}


def _given_names(module: str) -> tuple[str, ...]:
    try:
        return quotation.listed(module, "GIVEN")
    except KeyError:
        return ()


def _definition(name: str, module: str, references: Path, docstring: str) -> str:
    text = reference_module(module, folder=references)
    try:
        return quotation.plain(quotation.definition(text, name), docstring=docstring)
    except KeyError as error:
        summary = message("The module {module} defines no {name}.", module=module, name=name)
        raise unknown(summary, name, quotation.defined_names(text)) from error


def _quoting(reference: str, references: Path) -> Mapping[str, object]:
    def body(function: str, target: str = "", module: str = "") -> str:
        return quotation.body(reference_source(module or reference, function, folder=references), target=target)

    def source(name: str, module: str = "", docstring: str = "") -> str:
        return _definition(name, module or reference, references, docstring)

    def assigned(function: str, variable: str, module: str = "") -> str:
        text = reference_source(module or reference, function, folder=references)
        try:
            return quotation.assigned(text, variable)
        except KeyError as error:
            summary = message(
                "The function {name} of {reference} assigns no {variable}.",
                name=function,
                reference=module or reference,
                variable=variable,
            )
            raise AuthoringError(summary) from error

    return {"body": body, "assigned": assigned, "source": source}


def _rubric_rows(assignment: Assignment, language: str) -> list[RubricRow]:
    numbers = {item.check: number for number, item in enumerate(assignment.rubric, start=1)}
    checks = [
        RubricRow(
            number=numbers[item.check],
            title=item.title[language],
            points=item.points,
            needs=", ".join(str(numbers[check]) for check in item.requires),
        )
        for item in assignment.rubric
    ]
    questions = enumerate(assignment.questions, start=len(checks) + 1)
    return [*checks, *(RubricRow(number, item.title[language], item.points, "") for number, item in questions)]


def _require_names(environment: Environment, assignment: Assignment, language: str) -> None:
    """Refuse an author's template or text that uses unknown names; all of them are reported."""
    constants = vars(environment.globals["reference"])
    texts = assignment.texts[language]
    problems = text_problems(environment, assignment, language, {"reference": constants})
    problems += template_problems(environment, assignment.folder / TEMPLATE, {"reference": constants, "text": texts})
    if problems:
        raise unusable(assignment.assignment, problems)


def _rendered_texts(environment: Environment, assignment: Assignment, language: str) -> dict[str, str]:
    texts: dict[str, str] = {}
    problems: list[Problem] = []
    for key, text in assignment.texts[language].items():
        try:
            texts[key] = (text if is_plain(text) else environment.from_string(text).render()).strip()
        except TemplateError as error:
            problems.append(text_problem(assignment, language, key, verbatim(f"{error}.")))
    if problems:
        raise unusable(assignment.assignment, problems)
    return texts


def _template_problem(assignment: Assignment, error: TemplateError) -> Problem:
    """Return the template's line: Jinja gives it for wrong syntax, and the traceback for errors during rendering."""
    if isinstance(error, TemplateSyntaxError):
        return Problem(
            Path(error.filename or assignment.folder / TEMPLATE), verbatim(f"{error.message}."), error.lineno
        )
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(".j2")]
    if not frames:
        file = assignment.folder / TEMPLATE
        return Problem(file, message("this template, or one that it names, is missing ({name}).", name=str(error)))
    # A shared template fails at an argument from the author's: the author's own line is the one to change.
    own = [frame for frame in frames if Path(frame.filename).parent == assignment.folder]
    frame = (own or frames)[-1]
    return Problem(Path(frame.filename), verbatim(f"{error}."), frame.lineno)


def _commented(text: str) -> str:
    return "\n".join(f"# {line}".rstrip() for line in text.splitlines())


def _number(value: float, language: str, decimals: int | None) -> str:
    written = f"{value:g}" if decimals is None else f"{value:.{decimals}f}"
    return written.replace(".", ",") if language == "es" else written
