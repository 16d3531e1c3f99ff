"""Decides which notebooks may get a warm kernel, and what it should have imported for them, from their text alone.

A notebook may set environment variables that affect the import of TensorFlow or Keras; in a warm kernel they are
already imported. A notebook that mentions such variables, or imported modules, gets a cold kernel, so that its results
are the same. The choice depends on the notebook alone, never on the machine or on what ran before.
"""

from __future__ import annotations

import re

from grader.domain.submission import Notebook

_CHOOSES_AT_IMPORT = re.compile(r"\benviron\b|putenv|%env|%set_env|sys\.modules|reload\(|KERAS_BACKEND|keras\.json")
_CHANGES_NOTHING = re.compile(
    r"os\.environ\[ ?['\"](?:TF_CPP_MIN_LOG_LEVEL|PYTHONHASHSEED|CUDA_VISIBLE_DEVICES)['\"] ?\] ?= ?"
    r"|os\.environ\[ ?['\"]KERAS_BACKEND['\"] ?\] ?= ?['\"]tensorflow['\"](?= *(?:[#;]|$))"
    r"|\bin os\.environ\b(?!\s*[\[.(])"
    r"|os\.environ\.get\("
    r"|['\"]google\.colab['\"] in sys\.modules",
    re.MULTILINE,
)
"""Variables that TensorFlow reads only later, if ever (the first controls logging, the third the choice of a card), the
backend that is used anyway, and reading: whether a variable is there, what it is, and whether this is Colab."""
_LARGEST_MODULE = 2**20
"""A longer file beside the notebook is not read, and causes a cold kernel."""
_OF_TENSORFLOW = ("tensorflow", "keras")
_IMPORTED = ("tensorflow", "keras")


def is_suitable(notebook: Notebook) -> bool:
    """Return whether a notebook runs in a warm kernel as in a cold one."""
    beside = [one.path for one in notebook.companions if one.name.endswith((".py", ".json"))]
    if any(file.stat().st_size > _LARGEST_MODULE for file in beside):
        return False
    texts = [_CHANGES_NOTHING.sub("", cell.source) for cell in notebook.cells]
    texts += [file.read_bytes().decode("utf-8", "replace") for file in beside]
    return not any(_CHOOSES_AT_IMPORT.search(text) for text in texts)


def imported_by(notebook: Notebook) -> tuple[str, ...]:
    """Return the modules that a notebook's kernel should have imported, empty if it does not mention them."""
    speaks = any(word in cell.source for cell in notebook.cells for word in _OF_TENSORFLOW)
    return _IMPORTED if speaks else ()
