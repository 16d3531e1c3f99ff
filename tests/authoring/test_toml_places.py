"""Where a key stands in a TOML text."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.authoring.errors import AuthoringError
from grader.authoring.toml_source import key_lines, read_toml

EVERY_SHAPE = '''\
# a comment with = and [brackets]
id = "x"
text.en = """
[not a header]
nor = "a key"
"""
list = [
  "a", # ]
  "b",
]

[[rubric]]
check = "one"
inline = { deep = 1, "quoted key" = 2 }

[rubric.parameters]
tolerance = 0.1

[[rubric]]
"check" = 'two'
title.es = "dos"
[scale]
maximum = 5
'''


def test_every_key_is_found_whatever_its_shape() -> None:
    """Headers, arrays of tables, dotted, quoted and inline keys have their lines; insides of values have none."""
    assert key_lines(EVERY_SHAPE) == {
        ("id",): 2,
        ("text",): 3,
        ("text", "en"): 3,
        ("list",): 7,
        ("rubric", 0): 12,
        ("rubric", 0, "check"): 13,
        ("rubric", 0, "inline"): 14,
        ("rubric", 0, "inline", "deep"): 14,
        ("rubric", 0, "inline", "quoted key"): 14,
        ("rubric", 0, "parameters"): 16,
        ("rubric", 0, "parameters", "tolerance"): 17,
        ("rubric", 1): 19,
        ("rubric", 1, "check"): 20,
        ("rubric", 1, "title"): 21,
        ("rubric", 1, "title", "es"): 21,
        ("scale",): 22,
        ("scale", "maximum"): 23,
    }


def test_a_missing_key_is_told_at_the_table_that_lacks_it(tmp_path: Path) -> None:
    """The nearest table around a key gives the line; the whole file is line 1."""
    path = tmp_path / "file.toml"
    path.write_text(EVERY_SHAPE, "utf-8")
    source = read_toml(path)
    assert source.line(("rubric", 1, "points")) == 19
    assert source.line(("nothing", "here")) == 1


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(None, "{path}: there is no such file.", id="missing"),
        pytest.param(b"a = \xff", "{path}: not UTF-8 text; save it as UTF-8.", id="not-utf-8"),
        pytest.param(
            b"a = 1\nb = \n",
            "{path}:2: not valid TOML: this is no value: write text in quotes, numbers and true or false without "
            "(line 2, column 5).",
            id="not-toml",
        ),
    ],
)
def test_an_unreadable_file_is_told_with_its_name(tmp_path: Path, content: bytes | None, expected: str) -> None:
    """The error names the file and, for wrong TOML, the line where the parser gave up."""
    path = tmp_path / "file.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(AuthoringError) as caught:
        read_toml(path)
    assert str(caught.value) == expected.format(path=path)
