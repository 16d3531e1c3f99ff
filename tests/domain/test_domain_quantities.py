"""Quantities: one table says label, unit and decimals of each, and another package can add one."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from plugin_package import installed, write_package
from pydantic import TypeAdapter

from grader.domain.measurement import Measurement, Measurements, Quantity
from grader.domain.plugins import PluginError
from grader.domain.quantities import QUANTITIES, added_quantities
from grader.locale import LANGUAGES, Translator
from grader.report.wording import Wording

SOURCE = """
from grader.domain.messages import message
from grader.domain.quantities import QuantitySpec
from grader.domain.units import Unit

WORST = QuantitySpec(
    message("Reconstruction error (MSE)"), "largest squared error of one image", Unit.PIXEL_SQUARED,
    measure=lambda autoencoder, images: ((autoencoder(images) - images) ** 2).max(),
)
"""


def test_every_quantity_is_in_the_table() -> None:
    """Each with words of its own in every language, and a sentence that says what is computed."""
    assert set(QUANTITIES) == set(Quantity)
    for language in LANGUAGES:
        labels = [Translator(language, strict=True).text(spec.label) for spec in QUANTITIES.values()]
        assert len(set(labels)) == len(labels)
    assert [name for name, spec in QUANTITIES.items() if not spec.meaning.endswith(".")] == []


def test_a_package_adds_a_quantity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has a name like ours, is measured in its unit, stored, read again and shown in every language."""
    package = write_package(tmp_path, SOURCE, {"quantities.worst_error": "WORST"})
    adapter = TypeAdapter(Measurements)
    with installed(package, monkeypatch):
        (added,) = added_quantities()
        measured = Measurement(added, 0.25, added.spec.unit, added.spec.meaning)
        stored = adapter.dump_json(Measurements(values={added: measured}))
        assert adapter.validate_json(stored).value(Quantity("worst_error")) == 0.25
        assert Wording(Translator("es", strict=True)).measured(measured) == "0,250 píxel²"
        assert Wording(Translator("es", strict=True)).quantity(added) == "Error de reconstrucción (MSE)"
    with pytest.raises(ValueError, match="worst_error"):
        Quantity("worst_error")


def test_a_package_cannot_change_a_quantity_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is measured under a name is what the facts were made of."""
    package = write_package(tmp_path, SOURCE, {"quantities.code_size": "WORST"})
    with installed(package, monkeypatch), pytest.raises(PluginError, match="code_size is there already"):
        added_quantities()


def test_the_table_is_what_it_says() -> None:
    """An entry cannot be changed by whoever reads it."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        QUANTITIES[Quantity.CODE_SIZE].digits = 9  # type: ignore[misc]
