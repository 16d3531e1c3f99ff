"""Hand-ins that are unusually alike are found, and honest ones that share a tutorial are not."""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from class_samples import graded, stored
from cli.cli_samples import notebook, run

from grader.alike import collecting
from grader.alike.code_fingerprints import Lines, fingerprints
from grader.alike.collecting import common_material, given_material, works_of
from grader.alike.page import render
from grader.alike.pairs import ComparedHandIn, alike
from grader.authoring.assignment_catalogue import load_assignment, references_folder
from grader.domain.measurement import Measurements
from grader.intake.intake_errors import IntakeError
from grader.intake.submissions import collect
from grader.locale import Translator
from grader.reading.reading_client import within_limits

FOLDER = Path(__file__).parents[1] / "inspection" / "notebooks"
ORIGINAL = "vae_sampling_layer"
OTHERS = (
    "convolutional_transpose", "convolutional_upsampling", "denoising_tf_data", "keras_1_python_2", "copied_weights", "sparse_regulariser",
)  # fmt: skip


def sources(name: str) -> list[str]:
    """The cells of a notebook of the inspection's corpus."""
    return re.split(r"(?m)^# %%.*\n", (FOLDER / f"{name}.nb").read_text("utf-8"))[1:]


def work(student: str, cells: list[str]) -> ComparedHandIn:
    """A hand-in of these cells."""
    numbered: Mapping[int, str] = dict(enumerate(cells))
    digest = hashlib.sha256("".join(cells).encode()).hexdigest()
    return ComparedHandIn(student, f"{student}.ipynb", digest, numbered, fingerprints(numbered.items()))


def found(works: list[ComparedHandIn], given: frozenset[int] = frozenset()) -> list[tuple[str, str]]:
    """The pairs by name."""
    return [(pair.first.student, pair.second.student) for pair in alike(works, given)]


def disguised(cells: list[str]) -> list[str]:
    """The same work with other names, other texts, no comments, blank lines, and its cells the other way round."""
    changed = []
    for cell in cells:
        text = re.sub(r"(?m)#.*$", "", cell)
        for old, new in (
            ("x_train", "datos"),
            ("encoder", "codificador"),
            ("decoder", "decodificador"),
            ("z_mean", "media"),
        ):
            text = re.sub(rf"\b{old}\b", new, text)
        changed.append(text.replace("\n", "\n\n"))
    return changed[::-1]


def the_class() -> list[ComparedHandIn]:
    """Honest hand-ins of different families."""
    return [work(name, sources(name)) for name in (*OTHERS, ORIGINAL)]


def test_honest_work_of_different_people_is_no_pair() -> None:
    """Imports, data and plots that everybody writes do not count."""
    assert found(the_class()) == []


def test_a_copy_is_found_under_other_names_and_in_another_order() -> None:
    """Renaming, new texts, taken-out comments and shuffled cells hide nothing."""
    (pair,) = alike([*the_class(), work("copia", disguised(sources(ORIGINAL)))], frozenset())
    assert {pair.first.student, pair.second.student} == {ORIGINAL, "copia"}
    assert (pair.identical, pair.share > 0.6, pair.shared >= 12) == (False, True, True)


def test_both_sides_are_shown_where_they_stand() -> None:
    """The lines of each place hold what is shared."""
    (pair,) = alike([*the_class(), work("copia", disguised(sources(ORIGINAL)))], frozenset())
    assert pair.places
    for here, there in pair.places:
        for one, lines in ((pair.first, here), (pair.second, there)):
            assert 1 <= lines.first <= lines.last <= len(one.cells[lines.cell].splitlines())


def test_a_tutorial_that_many_used_makes_no_pair() -> None:
    """Four of twelve hand-ins hold the same long text and work of their own."""
    tutorial = sources(ORIGINAL)
    readers = [work(f"r{number}", [*tutorial, *sources(name)]) for number, name in enumerate(OTHERS[:4])]
    rest = [work(name, sources(name)) for name in OTHERS]
    assert [pair for pair in found([*readers, *rest]) if pair[0].startswith("r") and pair[1].startswith("r")] == []


def test_what_the_assignment_gives_makes_no_pair() -> None:
    """The solution's own lines, which honest students find as well."""
    given = given_material(load_assignment("stacked"), None)
    from grader.authoring.notebooks import generate

    cells = json.loads(generate(load_assignment("stacked"), language="es", solution=True))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert found([work("ana", [*code, "a = 1"]), work("luis", [*code, "b = 2"])], given) == []


def test_the_same_file_of_two_students_is_always_shown() -> None:
    """Whatever it holds; two hand-ins of one student are no pair."""
    same = work("ana", ["a = 1"]), work("luis", ["a = 1"])
    (pair,) = alike(same, frozenset(same[0].fingerprints))
    assert (pair.identical, pair.share) == (True, 1.0)
    assert found([work("ana", sources(ORIGINAL)), work("ana", disguised(sources(ORIGINAL)))]) == []


def test_an_own_comment_is_a_fingerprint() -> None:
    """A slip in a sentence travels with a copy; a short one is anybody's."""
    assert list(fingerprints([(3, "a = 1\n# Aqui normalizo las imajenes entre 0 y 1\n")]).values()) == [
        (Lines(3, 2, 2),)
    ]
    assert fingerprints([(0, "# red\n")]) == {}


@pytest.mark.parametrize(
    "source", ["def (", "'''", "%%bash\nls", "!pip install x", "\x00", "x = 'ñ\ud800'", "", "\t\n  if"]
)
def test_any_text_has_fingerprints(source: str) -> None:
    """A cell that is no Python, or breaks off, stops nothing."""
    assert isinstance(fingerprints([(0, source)]), dict)


def test_the_page_escapes_what_students_wrote() -> None:
    """Names and code are text; nothing is fetched and nothing runs."""
    cells = [*sources(ORIGINAL), "x = '</pre><script>alert(1)</script>'"]
    pairs = alike([work("<b>ana</b>", cells), work("luis", [*cells, "pass"])], frozenset())
    page = render(pairs, 2, Translator("es"))
    assert "&lt;b&gt;ana&lt;/b&gt;" in page
    assert "<script" not in page
    assert "default-src 'none'" in page


def test_the_command_shows_pairs_and_writes_both_sides(tmp_path: Path) -> None:
    """Exit status 0 in any case: it is no verdict."""
    folder = tmp_path / "class"
    for name in (*OTHERS, ORIGINAL):
        (folder / name).mkdir(parents=True)
        (folder / name / "t.ipynb").write_text(notebook(*sources(name)), "utf-8")
    (folder / "copia").mkdir()
    (folder / "copia" / "t.ipynb").write_text(notebook(*disguised(sources(ORIGINAL))), "utf-8")
    done = run("alike", folder, "--assignment", "variational", "--out", tmp_path / "p.html", "--lang", "en")
    assert done.status == 0
    assert done.out.splitlines()[0] == "1 pairs among 8 hand-ins."
    assert done.out.splitlines()[1].startswith("copia · vae_sampling_layer: ")
    assert "This is evidence for a conversation and no verdict" in done.out
    assert "ops.shape(media)" in (tmp_path / "p.html").read_text("utf-8")
    (row,) = json.loads(run("alike", folder, "--assignment", "variational", "--json").out)
    assert row["students"] == ["copia", "vae_sampling_layer"]


def trained(student: str, cells: list[str], weights: tuple[float, ...], *, seeded: bool) -> ComparedHandIn:
    """A graded hand-in."""
    return replace(work(student, cells), weights=weights, seeded=seeded)


@pytest.mark.parametrize(
    ("first_seeded", "second_seeded", "shown"), [(False, False, True), (True, False, True), (True, True, False)]
)
def test_the_same_trained_weights_are_shown_unless_a_seed_of_both_explains_them(
    first_seeded: bool, second_seeded: bool, shown: bool
) -> None:
    """However different the code is; rounded weights are the same, others are not."""
    weights = (0.5, 0.1, 0.02)
    ana = trained("ana", sources(OTHERS[0]), weights, seeded=first_seeded)
    eva = trained("eva", sources(OTHERS[1]), (0.50001, 0.1, 0.02), seeded=second_seeded)
    luis = trained("luis", sources(OTHERS[2]), (0.6, 0.1, 0.02), seeded=False)
    pairs = alike([ana, eva, luis], frozenset())
    assert [(pair.first.student, pair.second.student, pair.same_weights) for pair in pairs] == (
        [("ana", "eva", True)] if shown else []
    )
    if shown:
        assert "The same trained weights" in render(pairs, 3, Translator("en"))


def test_hand_ins_that_were_never_graded_have_no_weights_in_common() -> None:
    """Nothing is the same as nothing."""
    assert alike([work("ana", sources(OTHERS[0])), work("eva", sources(OTHERS[1]))], frozenset()) == []


def test_material_that_was_named_as_common_makes_no_pair(tmp_path: Path) -> None:
    """A tutorial as a notebook or a Python file, or a folder of both."""
    cells = sources(ORIGINAL)
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "tutorial.ipynb").write_text(notebook(*cells[: len(cells) // 2]), "utf-8")
    (tmp_path / "rest.py").write_text("\n".join(cells[len(cells) // 2 :]), "utf-8")
    pair = [work("ana", cells), work("eva", disguised(cells))]
    assert found(pair) == [("ana", "eva")]
    common = common_material([tmp_path / "more", tmp_path / "rest.py"])
    assert found(pair, common) == []


@pytest.mark.parametrize("content", ["not json", "[]", '{"cells": [{"cell_type": "code"}]}'])
def test_common_material_that_cannot_be_read_is_told(tmp_path: Path, content: str) -> None:
    """With its path; an empty folder too."""
    file = tmp_path / "x.ipynb"
    file.write_text(content, "utf-8")
    with pytest.raises(IntakeError):
        common_material([file])
    (tmp_path / "empty").mkdir()
    with pytest.raises(IntakeError):
        common_material([tmp_path / "empty"])


def test_what_the_references_of_the_course_hold_makes_no_pair() -> None:
    """Whatever assignment they belong to."""
    text = (references_folder() / "variational.py").read_text("utf-8")
    given = given_material(load_assignment("stacked"), None)
    assert found([work("ana", [text]), work("eva", [text + "\n"])], given) == []


def test_weights_come_from_the_gradebook(tmp_path: Path) -> None:
    """`--grades` names the folder that was graded; digests say whose weights are whose."""
    cells, others = sources(OTHERS[0]), sources(OTHERS[1])
    for name, these in (("ana", cells), ("eva", others)):
        (tmp_path / "in" / name).mkdir(parents=True)
        (tmp_path / "in" / name / "t.ipynb").write_text(
            notebook(*(re.sub("seed", "sed", cell) for cell in these)), "utf-8"
        )
    digests = {
        path.parent.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (tmp_path / "in").rglob("*.ipynb")
    }
    made = [
        replace(graded(name), sha256=digest, measurements=Measurements(fingerprint=(0.5, 0.1, 0.2)))
        for name, digest in digests.items()
    ]
    out = stored(tmp_path / "grades", made)
    (row,) = json.loads(run("alike", tmp_path / "in", "--assignment", "stacked", "--grades", out, "--json").out)
    assert (row["same_weights"], row["identical"]) == (True, False)


def test_one_notebook_that_takes_minutes_to_read_keeps_nobody_from_being_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A million names are read in a process with limits; who is left out is named."""
    for name in ("ana", "eva"):
        (tmp_path / f"{name}.ipynb").write_text(notebook(*sources(ORIGINAL)), "utf-8")
    (tmp_path / "mallory.ipynb").write_text(notebook("a\n" * 1_000_000), "utf-8")
    monkeypatch.setattr(collecting, "within_limits", functools.partial(within_limits, cpu_seconds=2))
    compared = works_of(collect([tmp_path], tmp_path / "work"))
    assert ([one.student for one in compared.works], compared.stopped) == (["ana", "eva"], ("mallory",))
    assert compared.works[0].fingerprints == fingerprints(compared.works[0].cells.items())
