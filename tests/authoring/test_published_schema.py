"""The JSON Schema for editors says what the grader itself accepts."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import jsonschema
import pytest

from grader.authoring.assignment_catalogue import assignments_folder
from grader.authoring.publication import SCHEMA_NAME, publish, published_schema

ASSIGNMENTS = sorted(assignments_folder().glob(f"[!_.]*/{'assignment.toml'}"))


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    """Every part of the schema that lists its keys."""
    if isinstance(schema, dict):
        if "properties" in schema:
            yield schema
        for part in schema.values():
            yield from objects(part)


def as_editors_see(value: Any) -> Any:
    """TOML as JSON: a date is a text."""
    if isinstance(value, dict):
        return {key: as_editors_see(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_editors_see(inner) for inner in value]
    return value.isoformat() if isinstance(value, datetime) else value


def mistakes(toml: str) -> list[str]:
    """Where an editor would underline something."""
    validator = jsonschema.Draft202012Validator(json.loads(published_schema()))
    return sorted(error.json_path for error in validator.iter_errors(as_editors_see(tomllib.loads(toml))))


def test_the_committed_schema_is_the_generated_one(tmp_path) -> None:
    """To fix a failure: `python -m grader.authoring.publication`."""
    committed = (assignments_folder() / SCHEMA_NAME).read_text("utf-8")
    assert json.loads(committed) == json.loads(published_schema())
    assert publish(tmp_path).read_text("utf-8") == published_schema()


def test_every_key_is_described_and_no_other_is_allowed() -> None:
    """An editor explains each key, and underlines one that the grader would refuse."""
    schema = json.loads(published_schema())
    jsonschema.Draft202012Validator.check_schema(schema)
    tables = list(objects(schema))
    assert len(tables) > 7
    for table in tables:
        assert table["additionalProperties"] is False
        assert [key for key, stated in table["properties"].items() if not stated.get("description", "").strip()] == []
    assert "null" not in published_schema()


@pytest.mark.parametrize("path", ASSIGNMENTS, ids=lambda path: path.parent.name)
def test_the_courses_own_assignments_are_right(path) -> None:
    """An editor underlines nothing in them."""
    assert mistakes(path.read_text("utf-8")) == []


def test_what_the_grader_refuses_is_underlined(workspace) -> None:
    """Types, bounds, unknown keys and the choice between two lists."""
    workspace.edit(
        "[scale]\nmaximum = 5.0\n",
        '[due]\ndate = 2026-12-01T23:59:00-05:00\ngrace_minutes = -1\n[imports]\nallow = ["a"]\nforbid = ["b"]\n'
        '[scale]\nkind = "A-F"\nmax = 1\n',
    )
    assert mistakes(workspace.toml.read_text("utf-8")) == [
        "$.due.grace_minutes", "$.imports", "$.scale", "$.scale.kind",
    ]  # fmt: skip
