"""The table that the notebook on frauds simulates where there is no file: the right columns, and frauds worth finding."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from course_notebooks import LANGUAGES, notebook_cells

from reference import card_data
from reference.detection import average_precision


def simulated(language: str) -> pd.DataFrame:
    """What the cell's own function makes."""
    (source,) = [cell.source for cell in notebook_cells("fraud", language, solution=False) if cell.id == "data"]
    (function,) = re.findall(r"def simulate_table.*?return table\n", source, re.DOTALL)
    names: dict[str, Any] = {"np": np, "pd": pd}
    exec(function, names)  # noqa: S102 - our own cell
    return names["simulate_table"]()


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_has_the_columns_and_the_share_of_frauds_of_the_real_file(language: str) -> None:
    """In the same order; the same table at each run."""
    table = simulated(language)
    assert tuple(table.columns) == card_data.COLUMNS
    assert (len(table), int(table["Class"].sum())) == (40_000, 69)
    assert not table.isna().any().any()
    pd.testing.assert_frame_equal(table, simulated(language))


def test_frauds_leave_the_pattern_and_are_no_longer_than_other_rows() -> None:
    """What lies off the thirteen directions tells them; the length of a row does not."""
    table = simulated("en")
    rows, labels = table[[f"V{number}" for number in range(1, 29)]].to_numpy(), table["Class"].to_numpy()
    directions = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)[2][:13]
    off = rows - rows @ directions.T @ directions
    assert average_precision(labels, (off**2).sum(axis=1)) > 0.8
    assert average_precision(labels, (rows**2).sum(axis=1)) < 0.3


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_cell_says_that_the_table_is_simulated(language: str) -> None:
    """And only where there is no file; a grader's file is read as it is."""
    (source,) = [cell.source for cell in notebook_cells("fraud", language, solution=False) if cell.id == "data"]
    guarded = source[source.index('if not Path("creditcard.csv").is_file():') :].splitlines()
    assert re.search("simula", guarded[1])
    assert guarded[2].strip().startswith("simulate_table().to_csv")
    assert not guarded[3].startswith(" ")
