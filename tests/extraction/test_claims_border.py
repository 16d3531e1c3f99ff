"""Claims at the border: well-formed ones become evidence, all others are refused with place and reason."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exchange_folder import ARRAYS, CLAIMS, claims, leave, npz
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from grader.domain.evidence import (
    ColumnClaim,
    Evidence,
    FitClaim,
    ModelClaim,
    NodeClaim,
    OperationClaim,
    RejectedClaimsError,
    TensorClaim,
)
from grader.extraction.claims import MAX_CLAIMS_BYTES, collect


def refusal(exchange: Path) -> tuple[str, str]:
    """Return where and why the claims are refused."""
    with pytest.raises(RejectedClaimsError) as rejected:
        collect(exchange, exchange.parent / "vetted")
    assert str(rejected.value) == f"{rejected.value.where}: {rejected.value.problem}"
    return rejected.value.where, rejected.value.problem


def test_well_formed_claims_become_evidence(tmp_path: Path) -> None:
    """Every field arrives as what it was, and the arrays in a file of ours."""
    evidence = collect(leave(tmp_path / "exchange"), tmp_path / "vetted")
    assert evidence == Evidence(
        models=(
            ModelClaim(
                model="m0",
                names=("autoencoder",),
                class_name="Sequential",
                inputs=(TensorClaim("t0", (None, 4)),),
                nodes=(NodeClaim("o0", {"args": [{"tensor": "t0"}], "kwargs": {}}, ("t1",)),),
                outputs=("t1",),
                problem="",
                variables=("v0", "v1"),
                compiled={"optimizer": "Nadam", "loss": "mse"},
                created=0,
            ),
        ),
        operations={
            "o0": OperationClaim(
                "o0", "Dense", "keras.src.layers.core.dense",
                {"units": 4, "activation": "relu", "use_bias": True}, ("v0", "v1"),
            )
        },
        fits=(FitClaim("m0", 2, 8, 4, True, 0.0, 1.0, True),),
        weights_file=tmp_path / "vetted" / "weights.npz",
        requests=("pip install seaborn",),
        versions={"keras": "3.15.1"},
    )  # fmt: skip
    with np.load(tmp_path / "vetted" / "weights.npz", allow_pickle=False) as copied:
        assert {name: copied[name].tolist() for name in copied} == {k: v.tolist() for k, v in ARRAYS.items()}


def columns(count: int = 2, **others: Any) -> dict[str, Any]:
    """What is claimed of the columns of a table."""
    return {name: [0.5] * count for name in ("means", "deviations", "minima", "maxima")} | others


@pytest.mark.parametrize("count", [1, 64])
def test_columns_of_a_fitted_table_arrive(count: int, tmp_path: Path) -> None:
    """One number a column, 64 columns at most; claims without them are as good."""
    evidence = collect(leave(tmp_path / "exchange", claims(fits__0__columns=columns(count))), tmp_path / "vetted")
    numbers = (0.5,) * count
    assert evidence.fits[0].columns == ColumnClaim(numbers, numbers, numbers, numbers)
    evidence = collect(leave(tmp_path / "other", claims(fits__0__columns=None)), tmp_path / "vetted")
    assert evidence.fits[0].columns is None


@pytest.mark.parametrize(
    "wrong",
    [
        columns(0),
        columns(65),
        columns(means=[0.5]),
        columns(means=[0.5, 2e30]),
        columns(minima=[0.5, -2e30]),
        columns(means=[0.5, "0.5"]),
        columns(means=[0.5, None]),
        columns(means=[[0.5], 0.5]),
        columns(medians=[0.5, 0.5]),
        {"means": [0.5]},
        [0.5],
    ],
    ids=["none", "65", "unequal", "huge", "hugely negative", "text", "null", "nested", "more", "fewer", "a list"],
)
def test_other_columns_are_refused(wrong: Any, tmp_path: Path) -> None:
    """Bounded in number and size."""
    where, _ = refusal(leave(tmp_path / "exchange", claims(fits__0__columns=wrong)))
    assert where == "claims.json"


@pytest.mark.parametrize("left", ["nothing", "an empty folder", "a file named claims"])
def test_a_run_that_left_no_claims_gives_empty_evidence(left: str, tmp_path: Path) -> None:
    """A notebook without a model is no attack."""
    if left == "an empty folder":
        (tmp_path / "claims").mkdir()
    elif left == "a file named claims":
        (tmp_path / "claims").write_text("x")
    assert collect(tmp_path, tmp_path / "vetted") == Evidence()


DEEP: Any = []
for _ in range(60):
    DEEP = [DEEP]

MALFORMED: dict[str, Any] = {
    "not JSON": b"\x00\xff not json",
    "nothing at all": b"",
    "a list": [],
    "a number": 1,
    "null": b"null",
    "not UTF-8": json.dumps(CLAIMS).encode().replace(b"autoencoder", b"\xff\xfe"),
    "half a surrogate pair": json.dumps(claims(models__0__compiled={"loss": "\ud800"})).encode(),
    "half a surrogate pair as key": json.dumps(claims(operations__o0__config={"\ud800": 1})).encode(),
    "a missing key": claims(fits=...),
    "a missing key inside": claims(models__0__nodes=...),
    "an extra key": claims(points=100),
    "an extra key inside": claims(models__0__nodes__0__score=1),
    "a number for a text": claims(models__0__class_name=5),
    "a text for a number": claims(models__0__created="0"),
    "a float for a whole number": claims(fits__0__epochs=2.0),
    "true for a number": claims(fits__0__samples=True),
    "a list for a table": claims(operations=[]),
    "a table for a list": claims(models={}),
    "null for a list": claims(models__0__outputs=None),
    "an id with a path": claims(models__0__model="../m0"),
    "an id of spaces": claims(models__0__outputs=["t 1"]),
    "an id with a line end": claims(models__0__outputs=["t1\n"]),
    "an id as long as a page": claims(models__0__outputs=["t" + "1" * 500]),
    "an operation's id that is none": claims(operations={"__class__": CLAIMS["operations"]["o0"]}),
    "a shape below one": claims(models__0__inputs__0__shape=[None, 0]),
    "a negative shape": claims(models__0__inputs__0__shape=[None, -4]),
    "a shape without end": claims(models__0__inputs__0__shape=[1] * 9),
    "a size that no machine has": claims(models__0__inputs__0__shape=[2**40]),
    "a name of a megabyte": claims(models__0__names=["x" * 2**20]),
    "65 models": claims(models=CLAIMS["models"] * 65),
    "5,001 calls": claims(models__0__nodes=CLAIMS["models"][0]["nodes"] * 5001),
    "257 fits": claims(fits=CLAIMS["fits"] * 257),
    "another schema": claims(schema_version=2),
    "NaN": json.dumps(claims(fits__0__input_minimum=float("nan"))).encode(),
    "Infinity": json.dumps(claims(operations__o0__config={"units": float("inf")})).encode(),
    "minus Infinity": json.dumps(claims(operations__o0__config={"units": float("-inf")})).encode(),
    "infinity as 1e999": json.dumps(claims()).encode().replace(b'"units": 4', b'"units": 1e999'),
    "a number of 5,000 digits": json.dumps(claims()).encode().replace(b'"units": 4', b'"units": ' + b"9" * 5000),
    "a number of 70 bits": claims(operations__o0__config={"units": 2**70}),
    "a number of 400 digits": claims(models__0__created=-(10**400)),
    "more epochs than any training has": claims(fits__0__epochs=2**41),
    "a batch of less than nothing": claims(fits__0__batch_size=-1),
    "fewer samples than none": claims(fits__0__samples=-(2**40)),
    "an early end before the first step": claims(fits__0__accepted_after=-1),
    "a setting nested 60 deep": claims(operations__o0__config={"units": DEEP}),
    "an argument nested 60 deep": claims(models__0__nodes__0__arguments={"args": DEEP}),
    "nested deeper than Python goes": b"[" * 200_000 + b"]" * 200_000,
    "17 MB": json.dumps(claims(operations__o0__config={"x": "x" * 17_000_000})).encode(),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_claims_are_refused_as_a_whole(name: str, tmp_path: Path) -> None:
    """Nothing of them is used, and the refusal says that it was `claims.json`, in a few words."""
    where, problem = refusal(leave(tmp_path / "exchange", MALFORMED[name]))
    assert where == "claims.json"
    assert 0 < len(problem) <= 500
    assert not (tmp_path / "vetted").exists()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (MALFORMED["NaN"], "NaN is no number"),
        (MALFORMED["infinity as 1e999"], "1e999 is no number"),
        (MALFORMED["another schema"], "schema version 2"),
        (MALFORMED["a setting nested 60 deep"], "nested deeper than 40"),
        (MALFORMED["17 MB"], f"has {len(MALFORMED['17 MB'])} bytes, more than {MAX_CLAIMS_BYTES}"),
    ],
    ids=["NaN", "1e999", "schema", "depth", "size"],
)
def test_a_refusal_says_what_is_wrong(content: Any, problem: str, tmp_path: Path) -> None:
    """A person can act on it."""
    assert refusal(leave(tmp_path / "exchange", content)) == ("claims.json", problem)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (claims(models__0__variables=["!"] * 100_000), "1 validation error for _Claims"),
        (claims(versions=dict.fromkeys(map(str, range(20_001)), 0)), "an object of 20001 keys, more than 20000"),
        (claims(versions=dict.fromkeys(map(str, range(1_000)), 0)), "1000 faults of its form"),
    ],
    ids=["a list", "too many keys", "many keys"],
)
def test_of_a_million_faults_the_first_is_told(content: Any, problem: str, tmp_path: Path) -> None:
    """A text of all of them, of which 500 characters were shown, took a gigabyte."""
    where, reported = refusal(leave(tmp_path / "exchange", content))
    assert (where, reported[: len(problem)]) == ("claims.json", problem)
    assert len(reported) <= 500


def test_a_refusal_of_a_field_names_the_field(tmp_path: Path) -> None:
    """Path and rule, as pydantic tells them."""
    _, problem = refusal(leave(tmp_path / "exchange", claims(models__0__nodes__0__score=1)))
    assert "models.0.nodes.0.score" in problem
    assert "Extra inputs are not permitted" in problem


# Files that are no files


def plant_link(place: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(json.dumps(CLAIMS))
    place.unlink()
    place.symlink_to(secret)


def plant_broken_link(place: Path, tmp_path: Path) -> None:
    place.unlink()
    place.symlink_to(tmp_path / "nowhere")


def plant_pipe(place: Path, tmp_path: Path) -> None:
    place.unlink()
    os.mkfifo(place)


def plant_folder(place: Path, tmp_path: Path) -> None:
    place.unlink()
    place.mkdir()


def plant_socket(place: Path, tmp_path: Path) -> None:
    place.unlink()
    here = Path.cwd()
    os.chdir(place.parent)  # a socket's path may have 108 bytes
    try:
        socket.socket(socket.AF_UNIX).bind(place.name)
    finally:
        os.chdir(here)


@pytest.mark.parametrize("file", ["claims.json", "weights.npz"])
@pytest.mark.parametrize("plant", [plant_link, plant_broken_link, plant_pipe, plant_folder, plant_socket])
def test_only_plain_files_are_opened(plant: Any, file: str, tmp_path: Path) -> None:
    """Links lead out of the sandbox, pipes wait for ever; neither is followed nor read."""
    exchange = leave(tmp_path / "exchange")
    plant(exchange / "claims" / file, tmp_path)
    where, problem = refusal(exchange)
    assert where == file
    assert problem == "is no regular file" or problem.startswith("cannot be opened (")


def test_a_link_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    """Else a notebook could hand in the claims of another student."""
    leave(tmp_path / "other")
    (tmp_path / "exchange").mkdir()
    (tmp_path / "exchange" / "claims").symlink_to(tmp_path / "other" / "claims")
    assert refusal(tmp_path / "exchange") == ("claims", "is a link")


def test_claims_without_their_arrays_are_refused(tmp_path: Path) -> None:
    """Both files are written in one step, so one alone is no accident of ours."""
    exchange = leave(tmp_path / "exchange")
    (exchange / "claims" / "weights.npz").unlink()
    assert refusal(exchange) == ("weights.npz", "cannot be opened (No such file or directory)")


def test_no_file_stays_open_after_a_refusal(tmp_path: Path) -> None:
    """A batch of a thousand hostile submissions must not run out of descriptors."""
    exchange = leave(tmp_path / "exchange")
    plant_folder(exchange / "claims" / "claims.json", tmp_path)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        refusal(exchange)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


# Anything


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
places = st.sampled_from([
    "models", "operations", "fits", "requests", "versions", "models__0", "models__0__nodes", "models__0__nodes__0",
    "models__0__nodes__0__arguments", "models__0__inputs__0__shape", "models__0__compiled", "models__0__variables",
    "operations__o0", "operations__o0__config", "operations__o0__variables", "fits__0", "fits__0__same_target",
])  # fmt: skip

quick = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def accepted_or_refused(tmp_path: Path, content: Any, weights: bytes | None = None) -> None:
    """Anything but evidence and a refusal is a failure of ours."""
    exchange = tmp_path / str(len(list(tmp_path.iterdir())))
    try:
        evidence = collect(leave(exchange, content, weights), exchange / "vetted")
    except RejectedClaimsError as rejected:
        assert rejected.where in ("claims.json", "weights.npz")
        assert rejected.problem
    else:
        assert isinstance(evidence, Evidence)


@quick
@given(content=st.binary(max_size=300))
@example(content=b"{}")
def test_any_bytes_for_claims_are_refused_or_read(content: bytes, tmp_path: Path) -> None:
    """Never another exception than the border's own."""
    accepted_or_refused(tmp_path, content)


@quick
@given(content=json_values)
def test_any_json_for_claims_is_refused_or_read(content: Any, tmp_path: Path) -> None:
    """Never another exception than the border's own."""
    accepted_or_refused(tmp_path, json.dumps(content).encode())


@quick
@given(place=places, value=json_values)
def test_any_json_in_any_place_is_refused_or_read(place: str, value: Any, tmp_path: Path) -> None:
    """Right claims with one thing replaced reach deeper than noise does."""
    accepted_or_refused(tmp_path, json.dumps(claims(**{place: value})).encode())


@quick
@given(content=st.binary(max_size=300), position=st.integers(0, 10_000), cut=st.integers(0, 600))
def test_any_damage_to_the_arrays_is_refused_or_read(content: bytes, position: int, cut: int, tmp_path: Path) -> None:
    """A real archive with bytes overwritten and cut off."""
    whole = npz(ARRAYS)
    start = position % len(whole)
    damaged = (whole[:start] + content + whole[start + len(content) :])[: max(1, len(whole) - cut)]
    accepted_or_refused(tmp_path, None, damaged)
