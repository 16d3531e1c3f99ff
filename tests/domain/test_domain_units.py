"""Units: one table, which facts, code and reports share, and which has words in every language."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

import grader
import reference
from grader.domain.facts import Statistic
from grader.domain.measurement import Measurement, Quantity
from grader.domain.quantities import QUANTITIES
from grader.domain.units import UNIT_WORDS, Unit, unit_for
from grader.locale import LANGUAGES, Translator
from grader.report.wording import Wording

MEASURED = {"Measurement": 2, "Judged": 0, "Statistic": 0}
"""Position of the unit among the arguments of what takes one."""

SPANISH = {
    Unit.PIXEL: "píxel",
    Unit.PIXEL_SQUARED: "píxel²",
    Unit.NAT_PER_PIXEL: "nat/píxel",
    Unit.NAT_PER_IMAGE: "nat/imagen",
    Unit.FEATURE: "columna",
    Unit.FEATURE_SQUARED: "columna²",
    Unit.LENGTH: "longitud",
    Unit.LENGTH_SQUARED: "longitud²",
    Unit.DEGREE: "°",
}


def facts_units() -> set[tuple[str, str, str]]:
    """Data set, quantity and unit of every number that stands in a file of facts."""
    files = (Path(reference.__file__).parent / "facts").glob("*.json")
    documents = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    calibrated = [(document["dataset"], one) for document in documents for one in document["calibrated"].values()]
    return {
        (dataset, quantity, statistic["unit"])
        for dataset, one in calibrated
        for quantity, statistic in one["statistics"].items()
    }


def test_every_unit_has_words_in_every_language() -> None:
    """A pure number alone needs none; what stands in the Spanish catalogue is written down here."""
    assert set(UNIT_WORDS) == set(Unit) - {Unit.PURE}
    said = {unit: Translator("es", strict=True).text(words) for unit, words in UNIT_WORDS.items()}
    assert said == SPANISH


def test_units_of_the_facts_are_those_of_the_quantities() -> None:
    """The strings in the files stay as they are; there is a good number of them."""
    found = facts_units()
    assert {"1", "pixel²", "nat/image", "feature²", "unit²"} <= {unit for _, _, unit in found}
    assert {one for one in found if one[2] != QUANTITIES[Quantity(one[1])].unit_of(one[0])} == set()


def test_a_measurement_in_the_unit_of_another_quantity_is_refused() -> None:
    """A squared error in pixels, a share in pixels squared: no report can show either."""
    with pytest.raises(ValueError, match="reconstruction_mse is measured in pixel², not in pixel"):
        Measurement(Quantity.RECONSTRUCTION_MSE, 0.1, Unit.PIXEL, "")
    with pytest.raises(ValueError, match="code_size is measured in 1, not in pixel²"):
        Measurement(Quantity.CODE_SIZE, 0.1, Unit.PIXEL_SQUARED, "")
    assert Measurement(Quantity.RECONSTRUCTION_MSE, 0.1, Unit.FEATURE_SQUARED, "").unit == "feature²"


def test_code_names_units_by_the_table_alone() -> None:
    """Where a measurement or a statistic is made, no unit but the pure number is a text."""
    written = []
    for file in sorted(Path(grader.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            place = (
                MEASURED.get(node.func.id) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else None
            )
            if place is None or len(node.args) <= place:
                continue
            unit = node.args[place]
            if isinstance(unit, ast.Constant) and unit.value != Unit.PURE:
                written.append(f"{file.name}:{node.lineno}: {unit.value}")
    assert written == []


@pytest.mark.parametrize("unit", ["pixels²", "bits", ""])
def test_an_unknown_unit_is_refused(unit: str) -> None:
    """No report could translate it."""
    with pytest.raises(ValueError, match="is not a valid Unit"):
        Measurement(Quantity.CODE_SIZE, 1.0, unit, "")
    with pytest.raises(ValueError, match="is not a valid Unit"):
        Statistic(unit, 1, 1.0, 0.0)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("unit", Unit)
def test_a_report_writes_each_unit_in_its_language(unit: Unit, language: str) -> None:
    """A number and its unit, translated."""
    quantity = next(one for one, spec in QUANTITIES.items() if spec.has_unit(unit))
    shown = Wording(Translator(language, strict=True)).measured(Measurement(quantity, 1.5, unit, ""))
    number, _, words = shown.partition(" ")
    assert number == {"es": "1,50", "en": "1.50"}[language]
    assert words == ("" if unit is Unit.PURE else {"es": SPANISH[unit]}.get(language, UNIT_WORDS[unit].msgid))


@pytest.mark.parametrize(
    ("dataset", "unit"),
    [("mnist", Unit.PIXEL_SQUARED), ("cloud", Unit.LENGTH_SQUARED), ("creditcard", Unit.FEATURE_SQUARED)],
)
def test_points_and_rows_have_no_pixels(dataset: str, unit: Unit) -> None:
    """What is measured of all kinds of samples by one formula has the unit of the samples."""
    assert unit_for(Unit.PIXEL_SQUARED, dataset) is unit
    assert unit_for(Unit.PURE, dataset) is Unit.PURE
