"""Exported graphs at the border: plain files of known names and bounded size pass as bytes, everything else is refused."""

from __future__ import annotations

import copy
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from exchange_folder import CLAIMS, leave

from grader.domain.evidence import RejectedClaimsError
from grader.extraction import graph_files as graphs
from grader.extraction.claims import collect
from grader.extraction.graph_files import copy_graphs

ALLOWED = {"m0", "m1", "m2", "m3"}


def graph_folder(folder: Path, **files: bytes) -> Path:
    """A claims folder with these graphs."""
    place = folder / "claims" / "graphs"
    place.mkdir(parents=True)
    for name, content in files.items():
        (place / f"{name}.pb").write_bytes(content)
    return place


def test_graphs_are_copied_byte_by_byte_and_can_be_read_by_anybody(tmp_path: Path) -> None:
    """Nobody looks into them here: what is no graph passes as well."""
    graph_folder(tmp_path, m0=b"\x00 anything", m2=b"")
    copies = copy_graphs(tmp_path / "claims", tmp_path / "vetted", ALLOWED)
    assert {name: path.read_bytes() for name, path in copies.items()} == {"m0": b"\x00 anything", "m2": b""}
    assert {path.parent for path in copies.values()} == {tmp_path / "vetted" / "graphs"}
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o644 for path in copies.values())


def test_no_folder_means_no_graphs(tmp_path: Path) -> None:
    """Most notebooks export none."""
    (tmp_path / "claims").mkdir()
    assert copy_graphs(tmp_path / "claims", tmp_path / "vetted", ALLOWED) == {}
    assert not (tmp_path / "vetted").exists()


def link_to_a_file(place: Path) -> None:
    (place / "m0.pb").symlink_to("/etc/passwd")


def link_to_a_folder(place: Path) -> None:
    place.rmdir()
    place.symlink_to("/etc")


def a_file_for_the_folder(place: Path) -> None:
    place.rmdir()
    place.write_bytes(b"")


def a_pipe(place: Path) -> None:
    os.mkfifo(place / "m0.pb")


def a_folder_for_a_file(place: Path) -> None:
    (place / "m0.pb").mkdir()


def wrong_name(place: Path) -> None:
    (place / "saved_model.pb").write_bytes(b"")


def name_of_no_such_model(place: Path) -> None:
    (place / "m9.pb").write_bytes(b"")


def name_with_a_line_more(place: Path) -> None:
    (place / "m0.pb\n").write_bytes(b"")


def too_many(place: Path) -> None:
    for name in ALLOWED:
        (place / f"{name}.pb").write_bytes(b"")


def too_large(place: Path) -> None:
    with (place / "m0.pb").open("wb") as file:
        file.truncate(graphs.MAX_GRAPH_BYTES + 1)


@pytest.mark.parametrize(
    ("attack", "problem"),
    [
        (link_to_a_file, "cannot be opened"),
        (link_to_a_folder, "is no folder"),
        (a_file_for_the_folder, "is no folder"),
        (a_pipe, "is no regular file"),
        (a_folder_for_a_file, "is no regular file"),
        (wrong_name, "unexpected entry 'saved_model.pb'"),
        (name_of_no_such_model, "unexpected entry 'm9.pb'"),
        (name_with_a_line_more, "unexpected entry"),
        (too_many, "4 files, more than 3"),
        (too_large, "more than 67108864"),
    ],
)
def test_what_the_probe_would_not_have_written_is_refused(
    attack: Callable[[Path], None], problem: str, tmp_path: Path
) -> None:
    """Links, pipes, folders, other names, other models, too many, too large."""
    attack(graph_folder(tmp_path))
    with pytest.raises(RejectedClaimsError, match=problem):
        copy_graphs(tmp_path / "claims", tmp_path / "vetted", ALLOWED)


def test_only_a_model_that_is_claimed_may_have_a_graph(tmp_path: Path) -> None:
    """One with a problem, or one that zone M will refuse, which the probe knows before; of others it writes none."""
    claims = copy.deepcopy(CLAIMS)
    exchange = leave(tmp_path / "exchange", claims)
    (exchange / "claims" / "graphs").mkdir()
    (exchange / "claims" / "graphs" / "m7.pb").write_bytes(b"graph")
    with pytest.raises(RejectedClaimsError, match=r"unexpected entry 'm7\.pb'"):
        collect(exchange, tmp_path / "vetted")


def test_a_graph_of_a_model_that_cannot_be_flattened_is_evidence(tmp_path: Path) -> None:
    """It stands beside the claim, as a file of ours."""
    claims = copy.deepcopy(CLAIMS)
    claims["models"][0] |= {"problem": "`call` cannot be traced", "inputs": [], "nodes": [], "outputs": []}
    exchange = leave(tmp_path / "exchange", claims)
    (exchange / "claims" / "graphs").mkdir()
    (exchange / "claims" / "graphs" / "m0.pb").write_bytes(b"graph")
    evidence = collect(exchange, tmp_path / "vetted")
    assert dict(evidence.graphs) == {"m0": tmp_path / "vetted" / "graphs" / "m0.pb"}
    assert evidence.graphs["m0"].read_bytes() == b"graph"
