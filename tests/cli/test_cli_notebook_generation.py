"""`grader list` and `grader generate`."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
import small_disk
from cli_samples import run

from grader.authoring.assignment_catalogue import assignment_ids, facts_ids, load_assignment, load_facts
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


COURSE_TOML = """\
id = "net"
reference = "stacked"

[title]
es = "Red"

[[rubric]]
check = "runs"
points = 0
title.es = "Corre"

[[rubric]]
check = "code_siez"
points = 10
title.es = "Código"

[[rubric]]
check = "layers"
points = 10
parameters = { activation = ["relu"] }
title.es = "Capas"

[text.es]
goal = "{{ reference.CODESIZE }} números"
"""


def written_course(folder: Path, toml: str, template: str) -> Path:
    """A course of one assignment in Spanish, on a reference of ours."""
    place = folder / "course" / "assignments" / "net"
    place.mkdir(parents=True)
    (place / "assignment.toml").write_text(toml, "utf-8")
    (place / "notebook.py.j2").write_text(template, "utf-8")
    return folder / "course"


def test_generate_tells_every_mistake_of_a_rubric_at_once(tmp_path: Path) -> None:
    """Values, checks and parameters, each with the author's file and line; then nothing is written."""
    course = written_course(tmp_path, COURSE_TOML, "x")
    done = run("generate", "net", "--course", course, "--out", tmp_path / "build", "--lang", "en")
    file = course / "assignments" / "net" / "assignment.toml"
    first, *reported = done.err.splitlines()
    assert (done.status, first) == (2, "The assignment net cannot be used. To be fixed:")
    assert [line.strip()[:60] for line in reported if line.startswith("  ")] == [
        text[:60]
        for text in (
            f"{file}:9: rubric 1 (runs), points: must be greater than 0.0",
            f"{file}:13: rubric 2 (code_siez), check: there is no check code_siez",
            f"{file}:20: rubric 3 (layers), parameters.activation: the check layers has no such parameter",
        )
    ]
    assert not (tmp_path / "build").exists()


def test_generate_tells_every_unknown_name_of_a_template_and_a_text_at_once(tmp_path: Path) -> None:
    """In the author's own files, where a shared template would have been named, with the nearest name that exists."""
    toml = (
        COURSE_TOML.replace("points = 0", "points = 1")
        .replace("code_siez", "code_size")
        .replace("activation =", "activations =")
    )
    template = '{% import "_base/cells.py.j2" as cells %}\n{{ cells.prose("goal", text.gaol) }}\n{{ reference.EPOCH }}\n{{ nobody }}\n'
    template += '{% import "_base/sections.py.j2" as sections with context %}\n{{ sections.imports(["CODESIZE", "EPOCHS", "EPOCH"]) }}\n'
    course = written_course(tmp_path, toml, template)
    done = run("generate", "net", "--course", course, "--out", tmp_path / "build", "--lang", "es")
    place = course / "assignments" / "net"
    assert [line.strip() for line in done.err.splitlines()[1:]] == [
        f"{place}/assignment.toml:24: text.es.goal: la referencia no tiene la constante CODESIZE; ¿quisiste decir CODE_SIZE?",
        f"{place}/notebook.py.j2:2: no existe el texto gaol; ¿quisiste decir goal?",
        f"{place}/notebook.py.j2:3: la referencia no tiene la constante EPOCH; ¿quisiste decir EPOCHS?",
        f"{place}/notebook.py.j2:4: no existe el nombre nobody en las plantillas.",
        f"{place}/notebook.py.j2:6: la referencia no tiene la constante CODESIZE; ¿quisiste decir CODE_SIZE?",
        f"{place}/notebook.py.j2:6: la referencia no tiene la constante EPOCH; ¿quisiste decir EPOCHS?",
    ]


def test_an_assignment_in_one_language_is_generated_in_that_one(tmp_path: Path) -> None:
    """Whatever the surroundings speak; another one that is asked for is refused."""
    toml = (
        COURSE_TOML.replace("points = 0", "points = 1")
        .replace("code_siez", "code_size")
        .replace("activation =", "activations =")
        .replace("CODESIZE", "CODE_SIZE")
    )
    template = '{% import "_base/cells.py.j2" as cells %}\n{{ cells.prose("goal", text.goal) }}\n'
    course = written_course(tmp_path, toml, template)
    assert run("generate", "net", "--course", course, "--out", tmp_path / "build").status == 0
    assert "30 números" in (tmp_path / "build" / "net.ipynb").read_text("utf-8")
    refused = run("generate", "net", "--course", course, "--out", tmp_path / "build", "--lang", "en")
    assert (refused.status, "There are no notebooks in the language en." in refused.err) == (2, True)


def test_publish_writes_a_bundle_and_says_how_it_is_named(tmp_path: Path) -> None:
    """With the course's address where `course.toml` says it; the notebook's first cell then names it too."""
    toml = (
        COURSE_TOML.replace("points = 0", "points = 1")
        .replace("code_siez", "code_size")
        .replace("activation =", "activations =")
        .replace("CODESIZE", "CODE_SIZE")
    )
    template = '{% import "_base/cells.py.j2" as cells %}\n{% import "_base/sections.py.j2" as sections with context %}\n{{ sections.public_checks() }}\n'
    course = written_course(tmp_path, toml, template)
    (course / "course.toml").write_text('[publication]\nbundles = "https://uni.example/c/"\n', "utf-8")
    out = tmp_path / "net.json"
    done = run("publish", "net", "--course", course, "--out", out, "--lang", "en")
    assert done.status == 0
    assert done.out.splitlines() == [
        str(out),
        "It holds the rubric and the facts, no solution. Students name it like this:",
        '  grader.use("https://uni.example/c/net.json")',
        f"  grader check net.ipynb --assignment {out}",
    ]
    assert json.loads(out.read_text("utf-8"))["assignment"]["assignment"] == "net"
    assert run("generate", "net", "--course", course, "--out", tmp_path / "build").status == 0
    assert 'grader.use(\\"https://uni.example/c/net.json\\", language=\\"es\\")' in (
        tmp_path / "build" / "net.ipynb"
    ).read_text("utf-8")


@pytest.mark.slow
def test_check_takes_a_published_assignment(tmp_path: Path) -> None:
    """From a file, and from beside the notebook; the exit status is that of any check."""
    from cli_samples import notebook

    assert run("publish", "stacked", "--out", tmp_path / "tarea1.json").status == 0
    text = (tmp_path / "tarea1.json").read_text("utf-8").replace('"assignment": "stacked"', '"assignment": "tarea1"')
    (tmp_path / "tarea1.json").write_text(text, "utf-8")
    (tmp_path / "n.ipynb").write_text(
        notebook("a = 1", metadata={"autoencoder_grader": {"assignment": "tarea1"}}), "utf-8"
    )
    for options in ((), ("--assignment", tmp_path / "tarea1.json")):
        done = run("check", tmp_path / "n.ipynb", *options, "--data-size", "sample", "--json")
        assert (done.status, json.loads(done.out)["assignment"]) == (1, "tarea1")
    missing = run("check", tmp_path / "n.ipynb", "--assignment", tmp_path / "none.json", "--lang", "en")
    assert (missing.status, "cannot be used" in missing.err) == (2, True)
