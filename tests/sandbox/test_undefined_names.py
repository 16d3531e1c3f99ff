"""A name that a cell lacked because a cell below defines it, and when each of the two ran in its author's session."""

from __future__ import annotations

import pytest

from grader.domain.run import CellError, DefinedBelow, LackedName
from grader.domain.submission import CodeCell
from grader.sandbox.undefined_names import CellNames, defined_names, with_cell_order


def lacking(name: str, cell: int = 0) -> CellError:
    return CellError(cell, "NameError", f"name '{name}' is not defined")


def cells(*sources: str, recorded: tuple[int | None, ...] = ()) -> tuple[CodeCell, ...]:
    order = recorded or (None,) * len(sources)
    return tuple(CodeCell(2 * index, "", source, "", order[index]) for index, source in enumerate(sources))


def test_a_name_that_a_cell_below_defines_is_told_with_both_numbers() -> None:
    """19 of 80 real notebooks have execution counts out of order."""
    written = cells("encoder(x)", "y = 1", "encoder = build()", recorded=(7, 2, 3))
    found = with_cell_order(lacking("encoder"), CellNames(written)).defined_below
    assert found == DefinedBelow("encoder", 4, 7, 3)
    assert found.ran_in_recorded_order is True


@pytest.mark.parametrize("recorded", [(None, None), (3, None), (None, 3), (3, 7)])
def test_without_numbers_that_say_so_nothing_is_said_of_a_session(recorded: tuple[int | None, ...]) -> None:
    """Colab clears them; they may also be in the order of the file."""
    found = with_cell_order(lacking("a"), CellNames(cells("a", "a = 1", recorded=recorded))).defined_below
    assert found is not None
    assert found.ran_in_recorded_order is False


@pytest.mark.parametrize(
    ("error", "written"),
    [
        (CellError(0, "ValueError", "name 'a' is not defined"), cells("a", "a = 1")),
        (CellError(0, "NameError", "something else"), cells("a", "a = 1")),
    ],
    ids=[
        "no NameError",
        "odd",
    ],
)
def test_what_is_no_matter_of_order_stays_as_it_is(error: CellError, written: tuple[CodeCell, ...]) -> None:
    """Then the ordinary advice is the right one."""
    assert with_cell_order(error, CellNames(written)) is error


@pytest.mark.parametrize(
    ("error", "written", "made_in"),
    [
        (lacking("a"), cells("a", "b = 1"), ()),
        (lacking("a", 2), cells("a = f()", "a", "a = 1"), (0, 4)),
        (lacking("a"), cells("print(a)\na = 1", "a = 2"), (0, 2)),
        (lacking("a", 2), cells("%%time\na = f()", "a"), (0,)),
    ],
    ids=["defined nowhere", "defined above, where the cell failed", "defined by the cell itself", "below a magic"],
)
def test_a_name_that_is_no_matter_of_order_is_told_with_the_cells_that_make_it(
    error: CellError, written: tuple[CodeCell, ...], made_in: tuple[int, ...]
) -> None:
    """One of them failed, or none was ever written."""
    found = with_cell_order(error, CellNames(written))
    assert (found.lacked, found.defined_below) == (LackedName("a", made_in), None)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("%matplotlib inline\n!pip install x\na, (b, *c) = f()", {"a", "b", "c"}),
        ("import numpy as np, os.path\nfrom x import y as z", {"np", "os", "z"}),
        ("def f(k):\n    inner = 1\nclass C:\n    d = 2", {"f", "C"}),
        ("for i in range(3):\n    with open('x') as g:\n        h = [q for q in g]\nif (w := 1): pass", {"i", "g", "h", "w"}),
        ("x = lambda u: u\nx[0] = 1\ny.z = 2\nn += 1\nm: int = 1", {"x", "n", "m"}),
        ("try:\n    import a\nexcept E as e:\n    %time b = 1", {"a", "b"}),
        ("print 'python 2'\na = 1", set()),
        ("(" * 5000, set()),
        ("\0", set()),
    ],
)  # fmt: skip
def test_the_names_that_a_cell_binds_are_read_off_its_source(source: str, names: set[str]) -> None:
    """Global ones, not those inside functions; a cell that is no Python binds none."""
    assert defined_names(source) == names
