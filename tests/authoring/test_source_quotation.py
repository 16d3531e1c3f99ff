"""Quoting a reference's source without importing it."""

from __future__ import annotations

import ast
import json

import pytest

from grader.authoring.errors import AuthoringError
from grader.authoring.notebooks import generate
from grader.authoring.quotation import (
    assigned,
    body,
    constants,
    defined_names,
    definition,
    function_names,
    function_source,
    plain,
)

MODULE = '''\
"""A module."""

from somewhere import decorate

CODE_SIZE = 1_000
RATE: float = 0.5
NAME = "stacked"
SUM = 1 + 1
lower = 3


@decorate
def build(x):
    """Say what it does.

    In two paragraphs.
    """
    # why
    if x:
        return early(
            x
        )
    first, y = 1, 2
    chained = [
        "return nothing",
    ]

    return chain(
        chained,
    )


def act(model):
    model.compile()  # in place
'''


def test_a_function_comes_with_its_decorators() -> None:
    """The quoted text runs from the first decorator to the last line and parses by itself."""
    source = function_source(MODULE, "build")
    assert source.startswith("@decorate\ndef build(x):\n")
    assert source.endswith("    return chain(\n        chained,\n    )")
    assert ast.parse(source).body
    assert function_names(MODULE) == ["build", "act"]


def test_an_unknown_function_is_a_key_error() -> None:
    """The name that was asked for is in the error."""
    with pytest.raises(KeyError, match="decode"):
        function_source(MODULE, "decode")


def test_a_body_gives_its_result_to_the_target() -> None:
    """The last `return` becomes an assignment; docstring and `def` are gone, comments and early returns stay."""
    assert body("def f():\n    '''Doc.'''\n    return [\n        1,\n    ]", target="x") == "x = [\n    1,\n]"
    assert body(function_source(MODULE, "build"), target="model").splitlines()[-5:] == [
        "]",
        "",
        "model = chain(",
        "    chained,",
        ")",
    ]


def test_a_body_without_target_leaves_its_return_out() -> None:
    """What remains is what the function does before it returns."""
    assert body("def f(x):\n    y = x\n    z = y\n\n    return z") == "y = x\nz = y"
    assert body(function_source(MODULE, "act")) == "model.compile()  # in place"


def test_one_assignment_can_be_quoted_alone() -> None:
    """The whole statement, over all its lines, without the function's indentation."""
    assert assigned(function_source(MODULE, "build"), "chained") == 'chained = [\n    "return nothing",\n]'
    with pytest.raises(KeyError, match="absent"):
        assigned(function_source(MODULE, "build"), "absent")


def test_constants_are_upper_case_names_with_a_literal_value() -> None:
    """Expressions, annotated names and lower-case names are not constants to quote."""
    assert constants(MODULE) == {"CODE_SIZE": 1000, "NAME": "stacked"}


DOCUMENTED = '''\
class Ñandú(Base):
    """Long words.

    Args:
        x: An argument.
    """

    # A reason.
    size: int = 3

    def call(self, é: Any, /, flag: bool | None = None, *rest: int, key: str = "#é", other: "Any", **more: Any) -> Any:
        """Inner words."""
        return é  # noqa: A001

    def nothing(self) -> None:
        """Only words."""
'''

PLAIN = '''\
class Ñandú(Base):
    """Breve."""

    size: int = 3

    def call(self, é, /, flag=None, *rest, key="#é", other, **more):
        return é

    def nothing(self):
        """Only words."""'''


def test_plain_code_loses_annotations_docstrings_and_comments_and_nothing_else() -> None:
    """Fields keep their types, strings their number signs, and a body that is a docstring alone stays a body."""
    assert plain(DOCUMENTED, docstring="Breve.") == PLAIN
    assert plain(DOCUMENTED) == PLAIN.replace('    """Breve."""\n\n', "")
    assert ast.parse(plain(DOCUMENTED)).body


def test_a_docstring_of_several_lines_is_indented_and_closed_on_its_own_line() -> None:
    """As the rest of the project writes it."""
    quoted = plain("def f():\n    '''Doc.'''\n    return 1", docstring="One.\n\nTwo.")
    assert quoted == 'def f():\n    """One.\n\n    Two.\n    """\n    return 1'


def test_a_signature_over_several_lines_loses_its_annotations_too() -> None:
    """Line breaks and trailing commas stay."""
    assert plain("def f(\n    a: int,\n    *,\n    b: int = 2,\n) -> dict[\n    str, int\n]:\n    return {}") == (
        "def f(\n    a,\n    *,\n    b=2,\n):\n    return {}"
    )


def test_functions_classes_and_constants_can_be_quoted_whole() -> None:
    """Decorators belong to a definition; expressions and annotated constants are found as well."""
    assert definition(MODULE, "SUM") == "SUM = 1 + 1"
    assert definition(MODULE, "RATE") == "RATE: float = 0.5"
    assert definition(MODULE, "build").startswith("@decorate\n")
    assert definition(DOCUMENTED, "Ñandú") == DOCUMENTED.rstrip("\n")
    assert defined_names("A, B = 1, 2\n" + MODULE) == [
        *("A", "B", "CODE_SIZE", "RATE", "NAME", "SUM", "lower", "build", "act")
    ]
    with pytest.raises(KeyError, match="absent"):
        definition(MODULE, "absent")


# In templates

HELPER = '''"""Given to students."""

SIZE = 4


def measure(x: int) -> int:
    """English words."""
    return x * SIZE
'''


def _quoting(workspace, expression: str, *, solution: bool) -> str:
    (workspace.references / "cloud.py").write_text(HELPER, "utf-8")
    reference = workspace.references / "tiny.py"
    reference.write_text('GIVEN = ("FREE",)\nFREE = 7\n' + reference.read_text("utf-8"), "utf-8")
    cell = f'{{% call cells.provided("quoted") %}}\n{{{{ {expression} }}}}\n{{% endcall %}}\n'
    workspace.template.write_text(workspace.template.read_text("utf-8") + cell, "utf-8")
    notebook = generate(workspace.load(), language="es", solution=solution, references=workspace.references)
    cells = {cell["id"]: "".join(cell["source"]) for cell in json.loads(notebook)["cells"]}
    return cells["quoted"]


@pytest.mark.parametrize("solution", [False, True])
def test_given_code_stands_in_both_versions(workspace, solution: bool) -> None:
    """A helper's function, with a docstring in the notebook's language, and a name that the reference gives."""
    quoted = _quoting(workspace, 'given("measure", "cloud", "Palabras.") ~ "\\n" ~ given("FREE")', solution=solution)
    assert quoted == 'def measure(x):\n    """Palabras."""\n    return x * SIZE\nFREE = 7'


@pytest.mark.parametrize("expression", ['given("build_encoder")', 'given("build_encoder", module="tiny")'])
def test_what_the_reference_does_not_give_cannot_be_given(workspace, expression: str) -> None:
    """Neither by its own name nor through its module, in the solution version either."""
    with pytest.raises(AuthoringError, match=r"not given to students"):
        _quoting(workspace, expression, solution=True)


def test_source_quotes_whole_definitions_in_the_solution_alone(workspace) -> None:
    """The student version does not render, so that no template can show the solution by mistake."""
    with pytest.raises(AuthoringError, match="'source' is undefined"):
        _quoting(workspace, 'source("build_encoder")', solution=False)


def test_source_of_the_reference_and_of_a_helper(workspace) -> None:
    """Without the docstrings and comments that the module has."""
    quoted = _quoting(
        workspace,
        'source("build_encoder") ~ "\\n" ~ source("SIZE", module="cloud") ~ "\\n" ~ body("measure", "y", "cloud")',
        solution=True,
    )
    assert quoted == "def build_encoder():\n    factor = 2\n    return lambda x: factor * x\nSIZE = 4\ny = x * SIZE"


def test_an_unknown_definition_is_told_with_the_nearest_one(workspace) -> None:
    """As for functions."""
    with pytest.raises(AuthoringError, match=r"The module cloud defines no mesure\. Did you mean measure\?"):
        _quoting(workspace, 'given("mesure", module="cloud")', solution=False)
