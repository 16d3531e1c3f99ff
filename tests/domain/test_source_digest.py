"""A digest of a reference changes with what it does, and not with how it is explained."""

from __future__ import annotations

import pytest

from grader.domain.source_digest import source_digest

MODULE = '''"""What it is."""

import keras
from reference.sampling import moments  # shared

CODE_SIZE = 16  # numbers of a code


def build():
    """Build it."""
    return f"{CODE_SIZE} # no comment"
'''

SHARED = {"sampling": "def moments(encoder):\n    return encoder\n"}


def digest(module: str, **shared: str) -> str:
    texts = {"net": module, **SHARED, **shared}
    return source_digest("net", texts.get)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""What it is."""', '"""What it is, said better,\n\nin two paragraphs."""'),
        ("  # numbers of a code", ""),
        ("  # shared", "  # imported"),
        ('    """Build it."""\n', '    """Build the network."""\n\n    # in one line\n'),
        ("\n\n\ndef", "\n\n\n\n\ndef"),
        ('comment"', 'comment"   '),
    ],
)
def test_words_change_nothing(old: str, new: str) -> None:
    """Comments, docstrings, blank lines, white space at line ends."""
    assert old in MODULE
    assert digest(MODULE.replace(old, new)) == digest(MODULE)


@pytest.mark.parametrize(
    ("old", "new"),
    [("16", "20"), ("# no comment", "# none"), ("return f", "return "), ("    return", "    x = 1\n    return")],
)
def test_what_is_done_changes_it(old: str, new: str) -> None:
    """A number, a text, a statement; a `#` within a text is no comment."""
    assert old in MODULE
    assert digest(MODULE.replace(old, new)) != digest(MODULE)


def test_a_module_that_it_uses_counts_as_well() -> None:
    """Over several steps, and only where it is there."""
    assert digest(MODULE, sampling="def moments(encoder):\n    return None\n") != digest(MODULE)
    deeper = SHARED["sampling"] + "from reference import drawing\n"
    assert digest(MODULE, sampling=deeper) != digest(MODULE)
    assert digest(MODULE, sampling=deeper, drawing="RATE = 1\n") != digest(
        MODULE, sampling=deeper, drawing="RATE = 2\n"
    )


def test_what_holds_no_recipe_does_not_count() -> None:
    """The contract and the loading of data change without any reference changing."""
    module = MODULE + "from reference.contract import Autoencoder\nfrom reference import data\n"
    assert digest(module, contract="A = 1\n", data="B = 1\n") == digest(module, contract="A = 2\n", data="B = 2\n")


def test_modules_that_import_each_other_have_a_digest() -> None:
    """Each is read once."""
    assert digest(MODULE, sampling="from reference.net import build\n") == digest(
        MODULE, sampling="from reference.net import build  # again\n"
    )
