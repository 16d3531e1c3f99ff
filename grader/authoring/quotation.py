"""Quoting the references' source in solution notebooks, so that the solution is written in one place alone.

All functions read text and never import it: the references import Keras, and this side of the product does not.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator

Literal = str | int | float | bool | None


def function_source(module: str, name: str) -> str:
    """Return a function of the module's text, from its first decorator or `def` to its last line.

    Raises:
        KeyError: The module has no function of this name.
    """
    for function in _functions(module):
        if function.name == name:
            first = min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])
            return _lines(module, first, _end(function))
    raise KeyError(name)


def function_names(module: str) -> list[str]:
    """Return the names of the module's functions in the order of the file."""
    return [function.name for function in _functions(module)]


def body(function: str, *, target: str = "") -> str:
    """Return what a function does as plain statements, without its docstring.

    Args:
        function: Source of one function.
        target: Variable that takes the place of a final `return`; where it is empty, that `return` is left out.
    """
    statements = _statements(function)
    last = statements[-1]
    if not isinstance(last, ast.Return):
        return textwrap.dedent(_lines(function, statements[0].lineno, _end(last)))
    if not target:
        return textwrap.dedent(_lines(function, statements[0].lineno, last.lineno - 1)).rstrip()
    text = textwrap.dedent(_lines(function, statements[0].lineno, _end(last)))
    before, after = text.rsplit("\nreturn ", 1) if "\nreturn " in text else ("", text.removeprefix("return "))
    return f"{before}\n{target} = {after}".lstrip("\n")


def assigned(function: str, variable: str) -> str:
    """Return the statement of a function that gives `variable` its value.

    Raises:
        KeyError: No statement at the function's top level assigns it.
    """
    for statement in _statements(function):
        if isinstance(statement, ast.Assign) and any(_is_name(target, variable) for target in statement.targets):
            return textwrap.dedent(_lines(function, statement.lineno, _end(statement)))
    raise KeyError(variable)


def constants(module: str) -> dict[str, Literal]:
    """Return the module's constants (`CODE_SIZE = 30`): upper-case names with a literal value."""
    found: dict[str, Literal] = {}
    for statement in ast.parse(module).body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=value)) if name.isupper():
                if isinstance(value, str | int | float | bool | None):
                    found[name] = value
            case _:
                continue
    return found


# ----------------------------------------------------------------------------------------------------------------------


def _functions(module: str) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.parse(module).body if isinstance(node, ast.FunctionDef))


def _statements(function: str) -> list[ast.stmt]:
    definition = next(_functions(function))
    return definition.body[1:] if ast.get_docstring(definition) is not None else definition.body


def _lines(text: str, first: int, last: int) -> str:
    return "\n".join(text.splitlines()[first - 1 : last])


def _end(statement: ast.stmt) -> int:
    return statement.end_lineno or statement.lineno


def _is_name(target: ast.expr, variable: str) -> bool:
    return isinstance(target, ast.Name) and target.id == variable
