"""Quotes the references' source in solution notebooks, so that the solution is written in one place only.

All functions read text and never import it: the references import Keras, but this part of the product must not.
"""

from __future__ import annotations

import ast
import io
import textwrap
import tokenize
from collections.abc import Iterator

Literal = str | int | float | bool | None


def function_source(module: str, name: str) -> str:
    """Return a function of the module's text, from its first decorator or `def` to its last line.

    Raises:
        KeyError: The module has no function of this name.
    """
    for function in _functions(module):
        if function.name == name:
            return _lines(module, _first_line(function), _end(function))
    raise KeyError(name)


def function_names(module: str) -> list[str]:
    """Return the names of the module's functions in the order of the file."""
    return [function.name for function in _functions(module)]


def definition(module: str, name: str) -> str:
    """Return the statement at a module's top level that defines a name: a function, a class or a constant.

    Raises:
        KeyError: The module defines no such name at its top level.
    """
    for statement in ast.parse(module).body:
        if name in _defined_by(statement):
            return _lines(module, _first_line(statement), _end(statement))
    raise KeyError(name)


def defined_names(module: str) -> list[str]:
    """Return the names of functions, classes and constants in the order of the file."""
    return [name for statement in ast.parse(module).body for name in _defined_by(statement)]


def plain(code: str, *, docstring: str = "") -> str:
    """Write a definition for a notebook: without annotations of functions, docstrings and comments.

    They are written in English and for tools; a notebook explains in its own language what it shows.

    Args:
        code: Source of one definition.
        docstring: Takes the place of the function's or class's own one; none if it is empty.
    """
    bare = _without_comments(code)
    tree = ast.parse(bare)
    edits: list[_Edit] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            edits += _annotation_edits(bare, node)
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            edits += _docstring_edits(bare, node, docstring if node in tree.body else "")
    text = bare.encode()
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new.encode() + text[end:]
    return text.decode().strip("\n")


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


def listed(module: str, name: str) -> tuple[str, ...]:
    """Return a constant that is a tuple of strings.

    Raises:
        KeyError: The module has no such constant.
    """
    for statement in ast.parse(module).body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=target)], value=ast.Tuple(elts=items)) if target == name:
                return tuple(str(item.value) for item in items if isinstance(item, ast.Constant))
            case _:
                continue
    raise KeyError(name)


# ----------------------------------------------------------------------------------------------------------------------


def _functions(module: str) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.parse(module).body if isinstance(node, ast.FunctionDef))


def _defined_by(statement: ast.stmt) -> list[str]:
    match statement:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case ast.Assign(targets=targets):
            return [node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)]
        case _:
            return []


def _statements(function: str) -> list[ast.stmt]:
    definition = next(_functions(function))
    return definition.body[1:] if ast.get_docstring(definition) is not None else definition.body


def _lines(text: str, first: int, last: int) -> str:
    return "\n".join(text.splitlines()[first - 1 : last])


def _first_line(statement: ast.stmt) -> int:
    decorators = statement.decorator_list if isinstance(statement, ast.FunctionDef | ast.ClassDef) else []
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)])


def _end(statement: ast.stmt) -> int:
    return statement.end_lineno or statement.lineno


def _is_name(target: ast.expr, variable: str) -> bool:
    return isinstance(target, ast.Name) and target.id == variable


# Plain code

_Edit = tuple[int, int, str]
"""Bytes from … up to … of a text, and their replacement."""


def _without_comments(code: str) -> str:
    """Remove every comment, and the whole line if it contains nothing else."""
    lines: list[str | None] = list(code.splitlines())
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = token.line[:column].rstrip() or None
    return "\n".join(line for line in lines if line is not None) + "\n"


def _annotation_edits(code: str, function: ast.FunctionDef) -> Iterator[_Edit]:
    arguments = function.args
    variadic = [argument for argument in (arguments.vararg, arguments.kwarg) if argument is not None]
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = dict(zip(positional[::-1], arguments.defaults[::-1], strict=False))
    defaults |= {
        argument: default
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if default is not None
    }
    for argument in (*positional, *arguments.kwonlyargs, *variadic):
        if argument.annotation is not None:
            start = _offset(code, argument.lineno, argument.col_offset) + len(argument.arg.encode())
            yield (start, *_up_to_default(code, argument.annotation, defaults.get(argument)))
    if function.returns is not None:
        before = code.encode()[: _offset(code, function.returns.lineno, function.returns.col_offset)]
        yield len(before[: before.rindex(b"->")].rstrip()), _end_offset(code, function.returns), ""


def _up_to_default(code: str, annotation: ast.expr, default: ast.expr | None) -> tuple[int, str]:
    if default is None:
        return _end_offset(code, annotation), ""
    return _offset(code, default.lineno, default.col_offset), "="


def _docstring_edits(code: str, node: ast.FunctionDef | ast.ClassDef, docstring: str) -> Iterator[_Edit]:
    if ast.get_docstring(node) is None or len(node.body) == 1:
        return
    own, following = node.body[:2]
    indent = " " * own.col_offset
    new = textwrap.indent(_quoted(docstring), indent) + "\n" if docstring else ""
    gap = "\n" if docstring and isinstance(node, ast.ClassDef) else ""
    yield _offset(code, own.lineno, 0), _offset(code, _first_line(following), 0), new + gap


def _quoted(docstring: str) -> str:
    return f'"""{docstring}\n"""' if "\n" in docstring else f'"""{docstring}"""'


def _offset(code: str, line: int, column: int) -> int:
    """Return the position of a line (from 1) and column (in bytes) in the bytes of a text."""
    return sum(len(text.encode()) for text in code.splitlines(keepends=True)[: line - 1]) + column


def _end_offset(code: str, node: ast.expr) -> int:
    return _offset(code, node.end_lineno or node.lineno, node.end_col_offset or 0)
