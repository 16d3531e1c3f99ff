"""Which notebooks a warm kernel suits, and what it should have imported for them; read from their text alone.

A notebook may choose by a variable what TensorFlow or Keras do when they are imported; in a warm kernel they have been
imported already. One that speaks of variables, or of imported modules, gets a cold kernel, so that its results are the
same. The choice depends on the notebook alone, never on the machine or on what ran before.
"""

from __future__ import annotations

import re
from pathlib import Path

from grader.domain.submission import Notebook

_CHOOSES_AT_IMPORT = ("environ", "putenv", "%env", "%set_env", "sys.modules", "reload(", "KERAS_BACKEND", "keras.json")
_CHANGES_NOTHING = re.compile(
    r"os\.environ\[ ?['\"](?:TF_CPP_MIN_LOG_LEVEL|PYTHONHASHSEED|CUDA_VISIBLE_DEVICES)['\"] ?\] ?= ?"
)
"""Variables of which TensorFlow takes notice later, if ever: the first decides what is logged, the last which card."""
_LARGEST_MODULE = 2**20
_OF_TENSORFLOW = ("tensorflow", "keras")
_IMPORTED = ("tensorflow", "keras")


def is_suitable(notebook: Notebook) -> bool:
    """Return whether a notebook finds in a warm kernel what it finds in a cold one."""
    texts = [_CHANGES_NOTHING.sub("", cell.source) for cell in notebook.cells]
    texts += [_text(one.path) for one in notebook.companions if one.name.endswith((".py", ".json"))]
    return not any(word in text for text in texts for word in _CHOOSES_AT_IMPORT)


def imported_by(notebook: Notebook) -> tuple[str, ...]:
    """Return the modules that a notebook's kernel shall have imported, none if it does not speak of them."""
    speaks = any(word in cell.source for cell in notebook.cells for word in _OF_TENSORFLOW)
    return _IMPORTED if speaks else ()


def _text(file: Path) -> str:
    """Return the text of a module that was handed in; of one too long to be read, a word that gets it a cold kernel."""
    if file.stat().st_size > _LARGEST_MODULE:
        return _CHOOSES_AT_IMPORT[0]
    return file.read_bytes().decode("utf-8", "replace")
