"""`grader list` and `grader generate`."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
import small_disk
from cli_samples import run

from grader.authoring.catalogue import assignment_ids, facts_ids, load_assignment, load_facts
from grader.authoring.notebooks import generate

# list


def test_the_list_as_json_has_one_object_a_reference() -> None:
    """With these keys and no others, for the programs that read it."""
    ended = run("list", "--json")
    rows = json.loads(ended.out)
    assert (ended.status, ended.err) == (0, "")
    assert [row["id"] for row in rows] == list(facts_ids())
    for row in rows:
        facts = load_facts(row["id"])
        assert row == {
            "id": facts.reference,
            "parameters": facts.parameters,
            "code_size": facts.code_size,
            "dataset": facts.dataset,
            "published": facts.published,
            "reached": facts.reached,
        }


@pytest.mark.parametrize(
    ("language", "titles"),
    [("en", ["id", "assignment", "code", "parameters"]), ("es", ["id", "tarea", "código", "parámetros"])],
)
def test_the_list_fits_80_columns_with_titles(
    language: str, titles: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One row a reference in the reader's language; nothing is cut off, long titles go on in the next line."""
    monkeypatch.setenv("COLUMNS", "80")
    ended = run("list", "--lang", language)
    header, *rows = ended.out.splitlines()
    assert (ended.status, ended.err, header.split()) == (0, "", titles)
    assert max(map(len, (header, *rows))) <= 80
    words = " ".join(rows).split()
    assert {*facts_ids()} <= set(words)
    for name in assignment_ids():
        title = load_assignment(name).title[language].split()
        assert set(title) <= set(words)
    assert "163\N{NO-BREAK SPACE}814" in " ".join(rows)


def test_the_list_of_one_tells_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Data, published and reached figures, for which the table of all has no room."""
    monkeypatch.setenv("COLUMNS", "200")
    ended = run("list", "stacked", "fraud", "--lang", "en")
    facts = load_facts("stacked")
    lines = [line.strip() for line in ended.out.splitlines()]
    assert lines[0] == "stacked: A stacked autoencoder on Fashion-MNIST"
    assert {"data: fashion_mnist", f"published: {facts.published}", f"reached: {facts.reached}"} <= set(lines)
    assert any(line.startswith("fraud: ") for line in lines)


def test_the_list_of_one_that_is_not_there() -> None:
    """With the nearest."""
    ended = run("list", "stackd", "--lang", "en")
    assert (ended.status, "Did you mean stacked?" in ended.err) == (2, True)


# generate


def test_a_student_notebook_is_generated(tmp_path: Path) -> None:
    """The bytes that authoring makes, under the assignment's id; its path is printed."""
    ended = run("generate", "stacked", "--out", tmp_path / "new" / "folder", "--lang", "en")
    path = tmp_path / "new" / "folder" / "stacked.ipynb"
    assert (ended.status, ended.out, ended.err) == (0, f"{path}\n", "")
    assert path.read_text() == generate(load_assignment("stacked"), language="en", solution=False)
    nbformat.validate(nbformat.read(path, as_version=4))


def test_solution_and_language_are_options(tmp_path: Path) -> None:
    """The solution has a name of its own, so that it is not handed out by mistake."""
    ended = run("generate", "stacked", "--out", tmp_path, "--lang", "es", "--solution")
    path = tmp_path / "stacked.solution.ipynb"
    assert (ended.status, ended.out) == (0, f"{path}\n")
    assert path.read_text() == generate(load_assignment("stacked"), language="es", solution=True)


@pytest.mark.parametrize("ids", [["all"], ["stacked", "all"]])
def test_all_means_every_assignment(tmp_path: Path, ids: list[str]) -> None:
    """Each once."""
    assert run("generate", *ids, "--out", tmp_path).status == 0
    assert {path.name for path in tmp_path.iterdir()} == {f"{one}.ipynb" for one in assignment_ids()}


def test_an_id_given_twice_is_one_notebook(tmp_path: Path) -> None:
    """It is written and printed once."""
    ended = run("generate", "stacked", "stacked", "--out", tmp_path)
    assert ended.out.splitlines() == [str(tmp_path / "stacked.ipynb")]


def test_one_unknown_id_and_nothing_is_written(tmp_path: Path) -> None:
    """All assignments are made before the first is written."""
    ended = run("generate", "stacked", "stackd", "--out", tmp_path / "out", "--lang", "en")
    assert (ended.status, ended.out) == (2, "")
    assert ended.err == "There is no assignment stackd. Did you mean stacked? There are: stacked.\n".replace(
        "There are: stacked", f"There are: {', '.join(assignment_ids())}"
    )
    assert not (tmp_path / "out").exists()


def test_a_notebook_is_there_whole_or_as_it_was(tmp_path: Path) -> None:
    """On a disk without room the old one stays, and nothing half-written beside it."""
    with small_disk.mounted(tmp_path / "disk", size_kib=32) as disk:
        (disk / "stacked.ipynb").write_text("the old one")
        (disk / "ballast").write_bytes(b"x" * 8_000)
        ended = run("generate", "stacked", "--out", disk, "--lang", "en")
        assert (disk / "stacked.ipynb").read_text() == "the old one"
        assert sorted(path.name for path in disk.iterdir()) == ["ballast", "stacked.ipynb"]
    assert (ended.status, ended.out) == (2, "")
    assert ended.err == (
        f"The disk or your quota is full, so {disk / 'stacked.ipynb'} was not written; an earlier version of it is "
        "unchanged. Free some space and run the command again.\n"
    )
