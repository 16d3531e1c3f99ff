"""The contract of `grader inspect --json`, and what the terminal shows."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from outline_samples import dense, fit, outline, training
from rich.console import Console

from grader.cli.inspect_command import as_data, show
from grader.domain.inspection import OTHER, InspectedModel, Inspection, InspectionRun
from grader.domain.measurement import Quantity
from grader.domain.messages import message
from grader.domain.outdated import Translation
from grader.domain.run import CellError, RunRecord, RunStatus
from grader.inspection.silent_mistakes import InspectedAutoencoder, mistakes_of
from grader.locale import Translator
from grader.report.wording import Wording

STANDARDISED = training(fits=(fit(input_minimum=-0.42, input_maximum=2.8),))


def inspection(**changes: object) -> Inspection:
    """One model with one mistake, a missing module, a translated call."""
    one = outline(dense(32, 784))
    model = {
        "name": "autoencoder",
        "family": "simple-dense",
        "dataset": "mnist",
        "encoder": "encoder",
        "decoder": "",
        "code_size": 32,
        "parameters": 50992,
        "trained": True,
        "quality": {Quantity.RECONSTRUCTION_MSE: 0.0312, Quantity.PCA_MSE: 0.017},
        "reference_quality": {Quantity.RECONSTRUCTION_MSE: 0.0121},
        "nearest": "simple-dense",
        "measured_on": "mnist",
        "measured_size": "sample",
        "epochs": 10,
        "findings": mistakes_of(InspectedAutoencoder(one, STANDARDISED, (one,))),
    }
    return Inspection(
        models=(InspectedModel(**(model | changes)),),  # type: ignore[arg-type]
        run=RunRecord(RunStatus.RAISED),
        diagnosis=(message("This machine lacks the module {module}.", module="pydot"),),
        translated=(Translation(0, 3, "nb_epoch=5", "epochs=5", message("Data")),),
    )


def test_the_contract_of_json() -> None:
    """Every key that programs may rely on, in one example."""
    assert as_data(inspection(), Translator("en")) == {
        "schema_version": 1,
        "status": "raised",
        "models": [
            {
                "name": "autoencoder",
                "family": "simple-dense",
                "dataset": "mnist",
                "encoder": "encoder",
                "decoder": None,
                "code_size": 32,
                "parameters": 50992,
                "trained": True,
                "epochs": 10,
                "epochs_asked": None,
                "no_family": None,
                "measured_on": "mnist",
                "measured_size": "sample",
                "not_measured": None,
                "quality": {"reconstruction_mse": 0.0312, "pca_mse": 0.017},
                "nearest": "simple-dense",
                "reference": {"reconstruction_mse": 0.0121},
                "findings": [
                    {
                        "kind": "output_out_of_reach",
                        "where": "The model “autoencoder”",
                        "expected": "An output that can be any number that the data hold.",
                        "actual": "Data from -0.42 to 2.8, and an output with sigmoid.",
                        "why": "What the activation cannot give is lost, however long the network is trained.",
                        "hint": "Which numbers can this activation return? Scale the data to them, or choose another "
                        "activation.",
                    }
                ],
            }
        ],
        "runs": [],
        "diagnosis": ["This machine lacks the module pydot."],
        "translated": [{"cell": 1, "line": 3, "before": "nb_epoch=5", "after": "epochs=5", "why": "Data"}],
    }


def lines(reported: Inspection, language: str) -> list[str]:
    """What the terminal shows, without the spaces at the ends of lines and without empty lines."""
    screen = Console(file=io.StringIO(), width=100)
    show(reported, Wording(Translator(language)), screen)
    assert isinstance(screen.file, io.StringIO)
    return [line.rstrip() for line in screen.file.getvalue().splitlines() if line.strip()]


def test_what_the_terminal_shows() -> None:
    """Name and family, what it is, how good beside the reference, each finding, and what happened to the run."""
    assert lines(inspection(), "en") == [
        "autoencoder  simple-dense",
        "  Data                                        mnist",
        "  Encoder                                     encoder",
        "  Decoder                                     –",
        "  Numbers in one code                         32",
        "  Parameters                                  50\u202f992",
        "  Trained                                     yes",
        "  Nearest reference                           simple-dense",
        "  Reconstruction error (MSE), MNIST (sample)  0.0312 (reference: 0.0121)",
        "  ▸ The model “autoencoder”",
        "    Expected        An output that can be any number that the data hold.",
        "    Found           Data from -0.42 to 2.8, and an output with sigmoid.",
        "    Why it matters  What the activation cannot give is lost, however long the network is trained.",
        "    Hint            Which numbers can this activation return? Scale the data to them, or choose",
        "                    another activation.",
        "Diagnosis",
        "  · This machine lacks the module pydot.",
        "Translated",
        "  · Cell 1 of the notebook, line 3: nb_epoch=5 → epochs=5",
    ]


def test_the_terminal_says_what_was_not_measured_and_why_no_family_fits() -> None:
    """Two reasons, and both numbers of epochs where a training was ended."""
    shape = message("It takes {shape}. The hidden images of MNIST and Fashion-MNIST are 28×28.", shape="32×32")
    alone = message("It has no layer that the families here are made of: Dense, convolutions, recurrent ones.")
    other = {"family": OTHER, "measured_on": "", "quality": {}, "not_measured": shape, "no_family": alone}
    shown = lines(inspection(**other, epochs=12, epochs_asked=300), "en")
    reported = " ".join(" ".join(shown).split())
    assert shown[0] == "autoencoder  none of the course's"
    assert "Why no family It has no layer that the families here are made of" in reported
    assert "not measured: It takes 32×32. The hidden images" in reported
    assert "Trained 12 of 300 epochs" in reported


def test_both_runs_are_told_with_what_broke_the_first() -> None:
    """As it is with its first error, then translated."""
    broke = RunRecord(RunStatus.RAISED, errors=(CellError(2, "TypeError", "nb_epoch?"),))
    reported = replace(
        inspection(), trials=(InspectionRun(False, broke, 0), InspectionRun(True, RunRecord(RunStatus.COMPLETED), 1))
    )
    assert lines(reported, "en")[:5] == [
        "Runs",
        "  · As it is: cells that ended with an error: 1, the first of them cell 3 of the notebook, with",
        "  TypeError: nb_epoch?; autoencoders: 0.",
        "  · With its old code translated: no cell ended with an error; autoencoders: 1.",
        "autoencoder  simple-dense",
    ]
    assert [one["first_error"] for one in as_data(reported, Translator("en"))["runs"]] == ["TypeError: nb_epoch?", None]


@pytest.mark.parametrize("language", ["es", "en"])
def test_a_name_cannot_write_on_the_screen(language: str) -> None:
    """Control characters and mark-up in what a notebook calls its models stay harmless."""
    shown = lines(inspection(name="[red]x\x1b[2J", encoder="\x1b]0;t\x07e"), language)
    assert "[red]x" in shown[0]
    assert not any("\x1b" in line for line in shown)
