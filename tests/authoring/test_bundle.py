"""A published assignment: what students get, what is kept from them, and what is refused."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from grader.authoring import secure_download
from grader.authoring.assignment_catalogue import assignment_ids, load_assignment, load_facts
from grader.authoring.bundle import LARGEST_BYTES, is_address, load_known, open_bundle, published
from grader.authoring.errors import AuthoringError
from grader.authoring.scaffold import scaffold
from grader.domain.course import Course
from grader.domain.facts import ReferenceFacts
from reference import contract


@pytest.fixture
def course(tmp_path: Path, example_facts: ReferenceFacts) -> Course:
    """A course of one assignment with a reference of its own."""
    from pydantic import TypeAdapter

    for path, text in scaffold("my-net", tmp_path / "course", language="en").items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    made = Course(tmp_path / "course")
    made.facts.mkdir()
    facts = replace(example_facts, reference="my-net", source_digest="")
    (made.facts / "my-net.json").write_bytes(TypeAdapter(ReferenceFacts).dump_json(facts))
    return made


def written(folder: Path, text: str, name: str = "bundle.json") -> str:
    """A file with this text; its path."""
    path = folder / name
    path.write_text(text, "utf-8")
    return str(path)


def refusal(source: str) -> str:
    """Why a bundle is refused."""
    with pytest.raises(AuthoringError) as caught:
        open_bundle(source)
    return str(caught.value)


@pytest.mark.parametrize("name", assignment_ids())
def test_a_published_assignment_comes_back_as_it_was(tmp_path: Path, name: str) -> None:
    """Rubric, limits, scale and facts; texts and template stay behind."""
    ours = load_assignment(name)
    found = open_bundle(written(tmp_path, published(ours, None)))
    assert found.assignment == replace(ours, texts={}, folder=Path(), due=None)
    assert found.facts == load_facts(ours.reference)


def test_nothing_of_the_solution_is_published(course: Course) -> None:
    """Of an own reference its constants alone: no function, no text of the notebook, no template."""
    text = published(load_assignment("my-net", course=course), course)
    document = json.loads(text)
    assert set(document) == {"format", "schema_version", "assignment", "facts", "reference"}
    assert set(document["reference"]) <= {"ID", "DATASET", "DATASETS", "CODE_SIZE", "EPOCHS", "BATCH_SIZE", "PUBLISHED"}
    assert not {"texts", "folder"} & set(document["assignment"])
    solution = course.module("my-net").read_text("utf-8")
    functions = [line.strip() for line in solution.splitlines() if line.strip().startswith(("return ", "def "))]
    assert functions
    assert [line for line in functions if line in text] == []


def test_constants_of_a_published_reference_stand_in_for_its_module(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a student measures, there is nothing else of it; a module of a course comes first."""
    source = written(tmp_path, published(load_assignment("my-net", course=course), course))
    assignment, facts = load_known(source)
    assert (assignment.assignment, facts.reference) == ("my-net", "my-net")
    with pytest.raises(KeyError):
        contract.load("my-net")
    known = contract.load("my-net", assignment.reference_constants)
    assert ("my-net", facts.dataset, {"parameters"}) == (known.id, known.dataset, known.free)
    with pytest.raises(contract.NotOfferedError):
        known.build()
    monkeypatch.setenv(contract.COURSE_VARIABLE, str(course.folder))
    assert contract.load("my-net", assignment.reference_constants).file == course.module("my-net")


def test_a_bundle_beside_the_notebook_is_found_by_its_id(course: Course, tmp_path: Path) -> None:
    """`my-net.json` where the notebook lies; ids of ours stay ours."""
    written(tmp_path, published(load_assignment("my-net", course=course), course), "my-net.json")
    written(tmp_path, "{}", "stacked.json")
    assert load_known("my-net", tmp_path)[0].assignment == "my-net"
    assert load_known("stacked", tmp_path)[0] == load_assignment("stacked")
    with pytest.raises(AuthoringError, match="There is no assignment my-nett"):
        load_known("my-nett", tmp_path)


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("stacked", False), ("a.json", True), ("../stacked", False), ("./there", True), ("https://a/b", True)],
)
def test_an_id_is_told_from_a_file(name: str, is_one: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its ending, or because the file is there; a path to nothing is an id that nobody has."""
    (tmp_path / "there").write_text("{}", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert is_address(name) == is_one


@pytest.mark.parametrize(
    "text",
    ["", "[]", "3", "{}", '{"format": "x"}', "[" * 100_000, '{"format": "autoencoder-grader-assignment"}', "\x00"],
)
def test_what_is_no_bundle_is_refused_with_a_sentence(tmp_path: Path, text: str) -> None:
    """Whatever it holds."""
    source = written(tmp_path, text)
    assert refusal(source) == f"{source} cannot be used: it is no published assignment."


@pytest.mark.parametrize(
    "change",
    [
        {"assignment.assignment": "../x"},
        {"assignment.rubric": []},
        {"assignment.reference": "my-net"},
        {"facts.reference": "sparse"},
        {"assignment.scale_maximum": "five"},
    ],
)
def test_a_bundle_that_was_changed_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    """Ids that are none, an empty rubric, facts of another reference, wrong types."""
    document = json.loads(published(load_assignment("stacked"), None))
    for place, value in change.items():
        part, key = place.split(".")
        document[part][key] = value
    assert "it is no published assignment" in refusal(written(tmp_path, json.dumps(document)))


def test_points_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    """`NaN` is none in JSON, and Python reads it."""
    document = json.loads(published(load_assignment("stacked"), None))
    document["assignment"]["rubric"][0]["points"] = float("nan")
    assert "it is no published assignment" in refusal(written(tmp_path, json.dumps(document)))


def test_a_newer_bundle_asks_for_a_newer_grader(tmp_path: Path) -> None:
    """It may mean something else."""
    document = json.loads(published(load_assignment("stacked"), None)) | {"schema_version": 99}
    assert "newer version" in refusal(written(tmp_path, json.dumps(document)))


def test_a_missing_and_a_huge_file_are_refused(tmp_path: Path) -> None:
    """Each with its reason."""
    assert "No such file" in refusal(str(tmp_path / "none.json"))
    assert "it is larger than 5 MB" in refusal(written(tmp_path, "x" * (LARGEST_BYTES + 1)))


def test_an_address_is_secure_or_refused() -> None:
    """Nothing is asked of any other."""
    for address in ("http://127.0.0.1:9/a.json", "file:///etc/passwd", "ftp://a/b.json"):
        assert refusal(address) == f"{address} cannot be used: an address begins with https://."


@contextmanager
def server(answers: dict[str, tuple[int, dict[str, str], bytes]]) -> Iterator[int]:
    """A server on this machine that gives these answers; its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = answers[self.path]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    running = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    try:
        yield running.server_port
    finally:
        running.shutdown()
        running.server_close()


def test_addresses_are_read_and_lead_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bundle comes; one that is too large, missing, or on an address that is not secure does not."""
    text = published(load_assignment("stacked"), None).encode()
    answers = {
        "/good.json": (200, {}, text),
        "/large.json": (200, {}, b"x" * (LARGEST_BYTES + 10)),
        "/gone.json": (404, {}, b""),
        "/away.json": (302, {"Location": "http://127.0.0.1:9/x.json"}, b""),
    }
    with server(answers) as port:
        # The same opener, with plain connections in the place of secure ones: no certificate is made for a test.
        import http.client
        import urllib.request

        class Plain(urllib.request.HTTPSHandler):
            def https_open(self, req: urllib.request.Request) -> Any:
                return self.do_open(http.client.HTTPConnection, req)

        monkeypatch.setattr(secure_download, "_OPENER", urllib.request.build_opener(Plain, secure_download._OnlySecure))
        at = f"https://127.0.0.1:{port}"
        assert open_bundle(f"{at}/good.json").assignment.assignment == "stacked"
        assert "larger than" in refusal(f"{at}/large.json")
        assert "Not Found" in refusal(f"{at}/gone.json")
        assert "not secure" in refusal(f"{at}/away.json")
