"""`runs`: who stopped the notebook decides whether it lost points or waits for a person."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from grader.checks.check_registry import CHECKS
from grader.checks.core.subject import Subject
from grader.checks.core.verdict import Verdict
from grader.domain.evidence import RelatedClaims
from grader.domain.grade import Outcome
from grader.domain.measurement import Measurements, MeasuringProblem, Quantity
from grader.domain.messages import verbatim
from grader.domain.outdated import Translation
from grader.domain.run import CellError, DefinedBelow, LackedName, RaisedBy, RunRecord, RunStatus, StoppedBy

from .builders import COMPLETED, TIMED_OUT, UNTRAINED_MSE, item, killed, measured, raised, subject
from .reading import Told, english, findings

NOTHING = Measurements(data="sample")
LIBRARY = RaisedBy.LIBRARY


def runs(found: Subject, **parameters: float) -> Verdict:
    return CHECKS["runs"].function(found, item("runs", **parameters))


def only_finding(*errors: CellError, missing: tuple[str, ...] = ()) -> Told:
    """The finding about the last of these errors."""
    return findings(runs(subject(raised(*errors), missing_modules=missing)))[-1]


def test_a_completed_run_says_how_many_cells_ran() -> None:
    """The message counts code cells."""
    assert english(runs(subject()).message) == "Every cell ran without an error. Code cells: 12."


def test_errors_cost_half_where_an_autoencoder_is_there_nevertheless() -> None:
    """The cells after an error are still run, and what they make counts."""
    verdict = runs(subject(raised(CellError(3, "ValueError", "wrong", "f()"))))
    assert (verdict.outcome, verdict.share) == (Outcome.PARTIAL, 0.5)
    assert english(verdict.message) == "Cells that ended with an error: 1."
    assert findings(verdict) == [
        Told(
            where="Cell 4 of the notebook",
            expected="A cell that runs without an error.",
            actual="ValueError: wrong (in the line: f())",
            why="A cell that stops half-way leaves what the cells below it need undone.",
            hint="Restart the runtime, run all cells from the top, and read the last line of the error.",
        )
    ]


@pytest.mark.parametrize(("share", "outcome"), [(0.0, Outcome.FAILED), (0.25, Outcome.PARTIAL), (1, Outcome.PASSED)])
def test_a_rubric_sets_what_errors_cost(share: float, outcome: Outcome) -> None:
    """`share_with_errors` may be anything from nothing to all."""
    verdict = runs(subject(raised(CellError(3, "ValueError", "wrong"))), share_with_errors=share)
    assert (verdict.outcome, verdict.share) == (outcome, share)


def test_errors_without_an_autoencoder_fail() -> None:
    """Nothing came out of the run."""
    verdict = runs(subject(raised(CellError(3, "ValueError", "wrong")), NOTHING))
    assert (verdict.outcome, verdict.share, len(verdict.findings)) == (Outcome.FAILED, 0.0, 1)


def test_errors_wait_where_our_measuring_may_have_lost_the_autoencoder() -> None:
    """With the autoencoder half the points would be due, and it is we who do not see it."""
    lost = replace(NOTHING, problems=(MeasuringProblem("autoencoder", verbatim("We do not know `Foo`."), ours=True),))
    verdict = runs(subject(raised(CellError(3, "ValueError", "wrong")), lost))
    assert verdict.outcome is Outcome.UNGRADABLE
    assert english(verdict.message) == "Cells that ended with an error: 1. We do not know `Foo`."


def test_every_erroring_cell_is_told() -> None:
    """One run tells a student all cells to fix, numbered as a person counts them."""
    errors = (CellError(2, "ValueError", "a"), CellError(5, "TypeError", "b"), CellError(9, "KeyError", "c"))
    assert [reported.where for reported in findings(runs(subject(raised(*errors))))] == [
        "Cell 3 of the notebook",
        "Cell 6 of the notebook",
        "Cell 10 of the notebook",
    ]


def test_an_error_without_a_recorded_cell_still_has_a_finding() -> None:
    """No point is lost without something to act on."""
    assert findings(runs(subject(raised())))[0].where == "The notebook as a whole"


def test_a_cell_to_be_completed_is_told_as_such() -> None:
    """NotImplementedError is what the template raises where the student's code should stand."""
    assert only_finding(CellError(6, "NotImplementedError", "", "raise NotImplementedError")) == Told(
        where="Cell 7 of the notebook",
        expected="A cell completed with your own code.",
        actual="NotImplementedError (in the line: raise NotImplementedError)",
        why="This cell is still to be completed: it raises the error on purpose until your code stands there.",
        hint="Read the text above the cell, write your code, and delete the line that raises the error.",
    )


def test_an_undefined_name_leads_to_the_order_of_the_cells() -> None:
    """Cells that were run out of order are the usual cause."""
    reported = only_finding(CellError(6, "NameError", "name 'encoder' is not defined"))
    assert reported.why.startswith("A notebook is run from the first cell to the last, once, in a fresh kernel")
    assert (
        reported.hint
        == "Restart the runtime and run all cells from the top; look for where this name should be defined."
    )


@pytest.mark.parametrize(
    ("below", "why"),
    [
        (
            DefinedBelow("encoder", 10, 7, 3),
            (
                "This cell uses “encoder”, which is defined further down, in cell 11 of the notebook; in your session "
                "that one ran first (In[3] before In[7]). A notebook is run from the first cell to the last."
            ),
        ),
        (
            DefinedBelow("encoder", 10, 3, 7),
            (
                "This cell uses “encoder”, which is defined further down, in cell 11 of the notebook. A notebook is run "
                "from the first cell to the last."
            ),
        ),
    ],
)
def test_a_notebook_that_only_works_in_another_order_is_told_which(below: DefinedBelow, why: str) -> None:
    """Both cells, the name, and what the saved numbers say of the author's session; even after another error."""
    error = CellError(6, "NameError", "name 'encoder' is not defined", defined_below=below)
    reported = only_finding(CellError(4, "ValueError", "wrong"), error)
    assert reported.why == why
    assert reported.hint == (
        "Move cell 11 of the notebook above cell 7 of the notebook, restart the runtime and run all cells from the top."
    )


def nameless(cell: int, name: str, *made_in: int, **more: Any) -> CellError:
    """A NameError with the cells that make the name."""
    return CellError(cell, "NameError", f"name '{name}' is not defined", lacked=LackedName(name, made_in), **more)


@pytest.mark.parametrize(
    ("errors", "why", "hint"),
    [
        (
            (CellError(4, "ValueError", "wrong"), CellError(5, "KeyError", "k"), nameless(6, "x", 1, 5)),
            "“x” should have been made in cell 6 of the notebook, which ended with an error itself.",
            "Fix cell 6 of the notebook first: this error follows from the one there.",
        ),
        (
            (CellError(4, "ValueError", "wrong"), nameless(6, "x", 5)),
            "“x” is made in cell 6 of the notebook, which did not fail.",
            "Does that cell make the name in every case, and does nothing delete it before it is used?",
        ),
        (
            (CellError(4, "ValueError", "wrong"), nameless(6, "x")),
            "No cell of the notebook makes “x”.",
            "Is the name spelled in the same way where it is assigned, or was its cell deleted?",
        ),
        (
            (CellError(4, "NotImplementedError", "", "raise NotImplementedError"), nameless(6, "encoder")),
            "Nothing has made “encoder” yet.",
            "Complete cell 5 of the notebook first: what follows needs it.",
        ),
    ],
    ids=["its cell failed", "its cell did not fail", "no cell makes it", "its cell is to be completed"],
)
def test_an_undefined_name_is_told_by_the_cell_that_should_have_made_it(
    errors: tuple[CellError, ...], why: str, hint: str
) -> None:
    """The first error of a notebook is not the cause of every NameError after it."""
    reported = only_finding(*errors)
    assert (reported.why, reported.hint) == (why, hint)


def test_an_undefined_name_whose_makers_nobody_knows_blames_no_cell() -> None:
    """A cell that cannot be read may make it."""
    reported = only_finding(CellError(4, "ValueError", "wrong"), CellError(6, "NameError", "name 'x' is not defined"))
    assert reported.hint.startswith("Restart the runtime")


GET_CONFIG = "Object Own was created by passing non-serializable arguments and must override `get_config()`"


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (CellError(1, "NotImplementedError", GET_CONFIG, "m.save('m.keras')", raised_by=LIBRARY, package="keras"), "A model is saved as"),
        (CellError(1, "NotImplementedError", "no such mode", "m.fit(x)", raised_by=LIBRARY, package="keras"), "keras raises this error itself"),
        (CellError(1, "NotImplementedError", "", "build()", raised_by=RaisedBy.NOTEBOOK), "This cell is still to be completed"),
        (CellError(1, "AssertionError", "wrong shape", "assert a == b"), "This cell tests something itself"),
        (CellError(1, "RuntimeError", "no", "raise RuntimeError('no')"), "This cell tests something itself"),
        (CellError(1, "ModuleNotFoundError", "No module named 'my_helpers'"), "Neither Colab nor our machine"),
        (CellError(1, "ImportError", "cannot import name 'merge' from 'keras.layers'"), "Keras, NumPy and Python move on"),
        (CellError(1, "AttributeError", "'Sequential' object has no attribute 'history'"), "A model has its `history`"),
        (CellError(1, "AttributeError", "'NoneType' object has no attribute 'fit'"), "The object before the dot is None"),
        (CellError(1, "AttributeError", "module 'numpy' has no attribute 'foo'"), "Keras, NumPy and Python move on"),
        (CellError(1, "AttributeError", "'Dense' object has no attribute 'weigths'"), "An object has the attributes"),
        (CellError(1, "UnboundLocalError", "cannot access local variable 'x'"), "A function that assigns a name"),
        (CellError(1, "SystemError", "GPU device not found", asks_for_accelerator=True), "The grading machine has no GPU"),
        (CellError(1, "FileNotFoundError", "No such file: '/content/drive/MyDrive/a.npy'"), "The notebook is run in a folder of its own"),
        (CellError(1, "URLError", "<urlopen error>"), "The notebook is run without a network"),
        (CellError(1, "FileNotFoundError", "No such file: 'a.csv'", after_fetching=True), "The notebook is run without a network"),
    ],
)  # fmt: skip
def test_an_error_is_explained_by_what_raised_it(error: CellError, why: str) -> None:
    """The class of an exception alone says little: a library and a cell raise the same ones for other reasons."""
    assert only_finding(error).why.startswith(why)


def test_the_history_of_a_training_that_failed_leads_to_that_training() -> None:
    """It is no matter of old tutorials."""
    stopped = CellError(4, "ValueError", "wrong", "autoencoder.fit(x)", stops_training=True)
    reported = only_finding(stopped, CellError(7, "AttributeError", "'Functional' object has no attribute 'history'"))
    assert reported.hint == "Fix cell 5 of the notebook first: it trains the model."


NO_GPU = CellError(2, "SystemError", "GPU device not found", "raise SystemError('GPU device not found')", asks_for_accelerator=True)  # fmt: skip


def test_a_search_for_a_gpu_costs_nothing_where_the_autoencoder_is_there() -> None:
    """The grading machine has none, and says so."""
    verdict = runs(subject(raised(NO_GPU)))
    assert (verdict.outcome, verdict.share, len(verdict.findings)) == (Outcome.PASSED, 1.0, 1)
    assert english(verdict.message).endswith("the grading machine has none, and no point is lost for that.")


def test_an_echo_of_a_search_for_a_gpu_costs_nothing_either_and_another_error_does() -> None:
    """What follows from something has its cause."""
    echo = nameless(4, "device", 2)
    assert runs(subject(raised(NO_GPU, echo))).outcome is Outcome.PASSED
    assert runs(subject(raised(NO_GPU, echo, CellError(6, "ValueError", "wrong")))).outcome is Outcome.PARTIAL


def test_a_given_cell_that_asks_for_a_model_of_another_name_costs_nothing() -> None:
    """Names are free; the cells that the course gives know only its own."""
    given = nameless(4, "encoder", given=True)
    verdict = runs(subject(raised(given, nameless(6, "codes", 4, given=True))))
    assert (verdict.outcome, verdict.share, len(verdict.findings)) == (Outcome.PASSED, 1.0, 2)
    assert english(verdict.message).endswith("names are free, and no point is lost for that.")
    assert only_finding(given).why == "This given cell calls a model by the name “encoder”; yours has another name."


@pytest.mark.parametrize(
    "error",
    [
        nameless(4, "encoder"),
        nameless(4, "encoder", 2, given=True),
        nameless(4, "X_train", given=True),
        CellError(4, "ValueError", "encoder", given=True),
    ],
    ids=["own-cell", "made-elsewhere", "another-name", "another-error"],
)
def test_every_other_error_of_a_cell_still_costs_points(error: CellError) -> None:
    """A student who misspells a name in a cell of their own loses what they lost before."""
    assert runs(subject(raised(error))).outcome is Outcome.PARTIAL
    assert runs(subject(raised(nameless(3, "decoder", given=True), error))).outcome is Outcome.PARTIAL
    assert runs(subject(raised(nameless(3, "decoder", given=True)), NOTHING)).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "error",
    [
        NO_GPU,
        CellError(2, "FileNotFoundError", "No such file: '/content/drive/MyDrive/x.npy'"),
        CellError(2, "URLError", "<urlopen error>"),
    ],
)
def test_what_our_surroundings_lack_is_no_final_loss_where_it_destroys_the_rest(error: CellError) -> None:
    """Without an autoencoder, or with one that was never trained, a person looks."""
    assert runs(subject(raised(error), NOTHING)).outcome is Outcome.UNGRADABLE
    untrained = replace(measured(numbers={Quantity.RECONSTRUCTION_MSE: UNTRAINED_MSE}), claims=RelatedClaims())
    verdict = CHECKS["reconstruction"].function(subject(raised(error), untrained), item("reconstruction"))
    assert verdict.outcome is Outcome.UNGRADABLE
    own = subject(raised(CellError(2, "ValueError", "wrong")), untrained)
    assert CHECKS["reconstruction"].function(own, item("reconstruction")).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("error", "hint_part"),
    [
        (CellError(1, "ModuleNotFoundError", "No module named 'keras.layers.core'"), "current version of the library"),
        (CellError(1, "SyntaxError", "Missing parentheses in call to 'print'"), "`print` needs brackets"),
        (CellError(1, "FileNotFoundError", "[Errno 2] No such file: 'x.csv'"), "as the assignment's own cell does"),
        (CellError(1, "URLError", "<urlopen error>"), "must come from your own `fit`"),
        (CellError(1, "ValueError", "Argument(s) not recognized: {'lr': 0.1}"), "names of the arguments"),
        (CellError(1, "TypeError", "f() got an unexpected keyword argument 'input'"), "names of the arguments"),
        (
            CellError(1, "ValueError", "cannot reshape array of size 6272000 into shape (60000,784)"),
            "`reshape(-1, 784)`",
        ),
        (
            CellError(1, "ValueError", "Received an invalid value for `units`, expected a positive integer."),
            "`int(...)`",
        ),
        (
            CellError(1, "ValueError", "dtype='string' is not a valid dtype for Keras type promotion."),
            "`metrics=[...]`",
        ),
        (CellError(1, "UnboundLocalError", "cannot access local variable 'batch_outputs' where"), "may lie beyond"),
        (CellError(1, "TypeError", "Expected an integer value for `n`, got <class 'float'>."), "`int(...)`"),
        (CellError(1, "ValueError", "Input 0 is incompatible with the layer"), "Print the shape of the data"),
        (CellError(1, "InvalidArgumentError", "Incompatible shapes: [32,784]"), "Print the shape of the data"),
        (CellError(1, "AttributeError", "'Dense' object has no attribute 'weigths'"), "Print the type"),
        (CellError(1, "AttributeError", "'Dense' object has no attribute 'input_shape'"), "`layer.input.shape`"),
        (CellError(1, "KeyError", "'val_acc'"), "`accuracy`, not `acc`"),
        (CellError(1, "ValueError", "Cannot convert '784' to a shape."), "`(784,)`"),
        (CellError(1, "SystemExit", "0"), "Let the last cell end by itself."),
        (CellError(1, "ResourceExhaustedError", "OOM"), "a batch that is the whole data set"),
        (CellError(1, "StdinNotImplementedError", "no input"), "instead of asking for it"),
    ],
)
def test_each_kind_of_error_has_advice_of_its_own(error: CellError, hint_part: str) -> None:
    """The kinds are those of the notebooks that students hand in."""
    assert hint_part in only_finding(error).hint


def test_a_module_that_our_machine_lacks_waits_for_a_person() -> None:
    """What we did not install is not the student's mistake."""
    error = CellError(0, "ModuleNotFoundError", "No module named 'seaborn.objects'; 'seaborn' is not a package")
    verdict = runs(subject(raised(error), missing_modules=("seaborn",)))
    assert (verdict.outcome, verdict.share) == (Outcome.UNGRADABLE, 0.0)
    assert english(verdict.message) == "Our machine lacks modules that the notebook imports: seaborn."
    assert findings(verdict)[0].hint == (
        "Our machine lacks the module “seaborn”: a person will look, and no point is lost."
    )


def test_a_module_that_no_longer_exists_is_not_ours() -> None:
    """`keras` is here; only its old submodule is gone."""
    error = CellError(0, "ModuleNotFoundError", "No module named 'keras.layers.core'")
    assert runs(subject(raised(error), missing_modules=("seaborn",))).outcome is Outcome.PARTIAL


def test_a_run_that_we_stopped_waits_for_a_person_and_tells_where() -> None:
    """Nobody can say whether it would have ended."""
    verdict = runs(subject(TIMED_OUT))
    assert verdict.outcome is Outcome.UNGRADABLE
    assert english(verdict.message) == "The notebook took longer than a notebook may."
    assert findings(verdict) == [
        Told(
            where="Cell 15 of the notebook",
            expected="A notebook that ends by itself, within the limits of the assignment.",
            actual="The notebook took longer than a notebook may.",
            why="It is unknown what the notebook would have done after we stopped it: a person will look.",
            hint="Time each cell on your own; look for loops without an end, many epochs, and copies of the data.",
        )
    ]


def test_a_notebook_that_ends_its_own_kernel_fails() -> None:
    """`os._exit` is the notebook's own doing."""
    verdict = runs(subject(killed(StoppedBy.OWN_EXIT)))
    assert (verdict.outcome, verdict.share) == (Outcome.FAILED, 0.0)
    assert findings(verdict) == [
        Told(
            where="Cell 8 of the notebook",
            expected="A notebook that ends after its last cell.",
            actual="The notebook ended its own kernel.",
            why="Nothing after that cell was run, so that whatever follows it cannot count.",
            hint="Look in this cell for calls that end the process or restart the runtime, and remove them.",
        )
    ]


@pytest.mark.parametrize("by", [stop for stop in StoppedBy if stop is not StoppedBy.OWN_EXIT])
def test_any_other_end_of_the_kernel_waits_for_a_person(by: StoppedBy) -> None:
    """A limit, a signal or our sandbox: none of them is a student's zero."""
    assert runs(subject(killed(by))).outcome is Outcome.UNGRADABLE


def test_a_sandbox_that_did_not_start_is_ours() -> None:
    """There is nothing for the student to fix, so there is no finding."""
    run = RunRecord(RunStatus.UNAVAILABLE, StoppedBy.SANDBOX, detail=verbatim("No user namespaces."))
    verdict = runs(subject(run, NOTHING))
    assert (verdict.outcome, verdict.findings) == (Outcome.UNGRADABLE, ())
    assert english(verdict.message) == "Our machine could not run the notebook. No user namespaces."


def test_a_long_error_text_is_cut() -> None:
    """TensorFlow's errors run over pages."""
    actual = only_finding(CellError(0, "ValueError", "many\n words " * 500)).actual
    assert actual.startswith("ValueError: many words many words")
    assert actual.endswith(" words…")
    assert len("ValueError: ") + 290 < len(actual) <= len("ValueError: ") + 300


def test_the_status_alone_decides_a_completed_run() -> None:
    """An import that failed inside try/except costs nothing."""
    assert runs(subject(COMPLETED, missing_modules=("seaborn",))).outcome is Outcome.PASSED


OLD = Translation(2, 5, "lr=0.1", "learning_rate=0.1", verbatim("Write `learning_rate`."), signs=("'lr'",))


def explained(error: CellError, *old: Translation) -> Told:
    """The finding about the last error, in a notebook with this old code."""
    return findings(runs(replace(subject(raised(CellError(0, "ValueError", "a"), error)), old_code=old)))[-1]


def test_an_error_of_old_code_is_told_with_its_place_and_what_to_write() -> None:
    """One sentence with cell and line, and the replacement."""
    reported = explained(CellError(2, "ValueError", "Argument(s) not recognized: {'lr': 0.1}"), OLD)
    assert (reported.why, reported.hint) == (
        "Cell 3 of the notebook, line 5: Write `learning_rate`.",
        "Written today: learning_rate=0.1",
    )


def test_old_code_without_a_replacement_is_told_all_the_same() -> None:
    """Nothing is written there that may mean something else."""
    reported = explained(CellError(2, "ValueError", "'lr'"), replace(OLD, after=""))
    assert reported.hint == "Write this part anew with what the current version has."


def test_old_code_of_another_cell_explains_only_what_it_may_have_caused() -> None:
    """A loss fails in the cell that trains with it; an argument only where it stands; a later cell causes nothing."""
    error = CellError(4, "ValueError", "not recognized: {'lr': 0.1}")
    assert explained(error, OLD).hint != "Written today: learning_rate=0.1"
    assert explained(error, replace(OLD, far=True)).hint == "Written today: learning_rate=0.1"
    assert explained(error, replace(OLD, far=True, cell_index=6)).hint != "Written today: learning_rate=0.1"


def test_an_undefined_name_is_no_error_of_old_code() -> None:
    """`input` of an old argument is in the text of many a NameError."""
    reported = explained(CellError(2, "NameError", "name 'lr' is not defined"), OLD)
    assert reported.hint.startswith("Restart the runtime")


OFF = Translation(1, 2, "tf.disable_eager_execution()", "", verbatim("Keras 3 needs it."), signs=("",), far=True)


def test_what_changes_a_whole_library_explains_its_errors_below() -> None:
    """Without eager execution Keras raises whatever it likes; the notebook's own errors stay its own."""
    error = CellError(4, "NotImplementedError", "numpy() is only …", "m.fit(x)", raised_by=LIBRARY, package="keras")
    assert explained(error, OFF).why == "Cell 2 of the notebook, line 2: Keras 3 needs it."
    assert explained(replace(error, cell_index=0), OFF).why != "Cell 2 of the notebook, line 2: Keras 3 needs it."
    assert explained(CellError(4, "KeyError", "'a'", raised_by=RaisedBy.NOTEBOOK), OFF).why.startswith("A cell that")
    assert explained(replace(error, text="'lr'", cell_index=2), OFF, OLD).hint == "Written today: learning_rate=0.1"
