"""The report in the terminal."""

from __future__ import annotations

import io

import report_samples as samples
from rich.console import Console

from grader.locale import Translator
from grader.report.terminal import check_report, class_table


def shown(renderable, *, width=100, terminal=False) -> str:
    """Print to a file of this width and return what was printed, spaces at line ends removed."""
    file = io.StringIO()
    Console(file=file, width=width, force_terminal=terminal, color_system=None).print(renderable)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())


def check(graded, language="en", **options) -> str:
    return shown(check_report(graded, samples.assignment(), Translator(language, strict=True)), **options)


def table(graded, language="en", **options) -> str:
    return shown(class_table(graded, samples.assignment(), Translator(language, strict=True)), **options)


def test_an_own_check_shows_every_check_with_its_findings():
    """The whole output for a notebook with every kind of mistake."""
    assert (
        check(samples.imperfect())
        == """\
Stacked autoencoder
entrega_final.ipynb

✓  The three models exist  Met  1 of 1
   encoder, decoder and autoencoder were found.

◐  Layers as asked  Partly met  1.5 of 3
   Two of six layers differ from what is asked.

✗  A code of 30 numbers  Not met  0 of 2
   The code is too wide.
   ▸ encoder, layer 4
     Expected        a code of 30 numbers
     Found           64 numbers
     Why it matters  A wider code keeps more of each image and hides how well the model really
                     compresses.
     Hint            Look at the number of units of the last layer of the encoder.

◐  Reconstruction of hidden images  Partly met  1.75 of 3
   The error lies between full and no credit.
   Reconstruction error (MSE): 0.0489 pixel²

–  Autoencoder = decoder after encoder  Skipped  0 of 1
   Skipped because “A code of 30 numbers” did not pass.

The run
   At least one cell ended with an error; the cells after it were still run.
   Section “3. The decoder”, code cell 2: `decoder(encoder(x))`: ValueError
   decoder(encoder(x))
   Shapes (None, 64) and (None, 30) are incompatible

· !pip install seaborn was noted and not run
· Training was shortened where going on could no longer have changed a point.
────────────────────────────────────────────────────────────────────────────────────────────────────
What to do next
1. A code of 30 numbers  up to 2 points
   encoder, layer 4: Look at the number of units of the last layer of the encoder.
2. Layers as asked  up to 1.5 points
   Two of six layers differ from what is asked.
3. Reconstruction of hidden images  up to 1.25 points
   The error lies between full and no credit.

4.25 of 10 points  (2.1 of 5.0)
This is your own check on public images. The grade is measured on images that stay hidden."""
    )


def test_a_run_without_errors_is_not_mentioned():
    """A student whose notebook ran sees checks and points alone."""
    assert "The run" not in check(samples.submission())


def test_a_provisional_result_is_a_lower_bound_with_its_reasons():
    """The last lines never show a final number for what waits for a person."""
    last = check(samples.needs_review()).splitlines()[-5:]
    assert last[0] == "at least 3.47 of 10 points  (at least 1.7 of 5.0)"
    assert last[1] == "Two different files were handed in."


def test_the_class_ends_in_a_table_a_summary_and_what_waits():
    """The whole output for a class of three."""
    graded = (samples.needs_review(), samples.imperfect(), samples.submission())
    assert (
        table(graded, width=120)
        == """\
Student     Grade         Status        Checks
Ana García  5.0           Final         ✓ ✓ ✓ ✓ ✓
Luis Ñáñez  2.1           Final         ✓ ◐ ✗ ◐ –
Zoé Ruiz    at least 1.7  Needs review  ✓ ◐ ✗ ? ?

Submissions: 3 · Final: 2 · Needs review: 1 · Median of the final grades: 3.55
✓ Met   ◐ Partly met   ✗ Not met   – Skipped   ? Waits for a person
Zoé Ruiz: Two different files were handed in. Could not be judged: “Reconstruction of hidden images”, “Autoencoder =
decoder after encoder”. The measuring process ran out of memory."""
    )


def test_spanish_numbers_have_a_decimal_comma():
    """The terminal speaks the reader's language like the page."""
    assert "2,1" in table((samples.imperfect(),), "es")
    assert "Un código de 30 números" in check(samples.imperfect(), "es")


def test_mark_up_and_escapes_of_a_student_do_nothing():
    """Rich's brackets and emoji codes are printed as they are; escape sequences are gone."""
    for output in (
        check(samples.hostile(), width=2000, terminal=True),
        table((samples.hostile(),), width=2000, terminal=True),
    ):
        assert "\x1b" not in output
        assert "\x07" not in output
        assert "evil.example" not in output
        assert output.count("markup[/] :skull:") == output.count("markup") > 0
        assert output.count("[bold red]markup") == output.count("markup")


def test_a_class_of_nobody_is_no_error():
    """The summary alone says that there was nothing to grade."""
    assert "Submissions: 0 · Final: 0 · Needs review: 0" in table(())


def test_a_name_in_brackets_keeps_its_brackets():
    """A student called like a tag of rich is listed under exactly that name, also among those who wait."""
    output = table((samples.needs_review("[red]Ana[/red] :skull:"),), width=2000)
    assert output.count("[red]Ana[/red] :skull:") == output.count("Ana") == 2
