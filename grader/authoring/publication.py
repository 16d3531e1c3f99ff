"""Publishes the keys of `assignment.toml` as JSON Schema, so that editors complete, explain and check them.

Write the published file anew after a change of `grader.authoring.schema`:

    python -m grader.authoring.publication

An editor with taplo (the TOML language server, also inside Visual Studio Code's “Even Better TOML”) uses it where the
first line of an `assignment.toml` names it, relative to that file:

    #:schema ../assignment.schema.json

The schema knows every key, its type and its bounds. Rules between keys (checks that are required, texts in both
languages, letters that begin at 0) are reported by the grader itself, which reads the same file with line numbers.
"""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from grader.authoring import schema as toml_tables
from grader.authoring.assignment_catalogue import assignments_folder
from grader.authoring.schema import AssignmentTable

SCHEMA_NAME: Final = "assignment.schema.json"
"""Beside the folders of the assignments."""

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def published_schema() -> str:
    """Return the JSON Schema of `assignment.toml` as it stands in the published file."""
    schema = AssignmentTable.model_json_schema(schema_generator=_TomlSchema)
    texts = _explanations()
    for name, table in {AssignmentTable.__name__: schema, **schema["$defs"]}.items():
        table["properties"] = {
            key: dict(sorted((stated | {"description": texts[name, key]}).items()))
            for key, stated in table["properties"].items()
        }
    return json.dumps({"$schema": DIALECT} | schema, ensure_ascii=False, indent=2) + "\n"


def publish(folder: Path) -> Path:
    """Write the schema into a folder of assignments and return its path."""
    path = folder / SCHEMA_NAME
    path.write_text(published_schema(), encoding="utf-8")
    return path


# Private functions


def _explanations() -> dict[tuple[str, str], str]:
    """Return the sentence below each key, by the class of its table and its name."""
    tree = ast.parse(inspect.getsource(toml_tables))
    tables = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    return {(table.name, key): text for table in tables for key, text in _explained_keys(table)}


def _explained_keys(table: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for key, text in zip(table.body, table.body[1:], strict=False):
        if isinstance(key, ast.AnnAssign) and isinstance(key.target, ast.Name) and isinstance(text, ast.Expr):
            yield key.target.id, inspect.cleandoc(ast.literal_eval(text.value))


class _TomlSchema(GenerateJsonSchema):
    """JSON Schema for TOML: a key that may be left out is never null, and keys are their own titles."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """Leave null out: TOML has none."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Leave a default of None out."""
        stated = super().default_schema(schema)
        return {key: value for key, value in stated.items() if key != "default" or value is not None}

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002
        """Titles made from keys would only repeat them."""
        return False


if __name__ == "__main__":
    publish(assignments_folder())
