"""Messages of a kernel, read as forgeries."""

from __future__ import annotations

import json
from typing import Any

import pytest

from grader.sandbox.channels import MAX_REPLY_BYTES, OutputChannel, ShellChannel

MARK = b"<IDS|MSG>"
ERROR_WITHOUT_WORDS = {"status": "error", "ename": "", "evalue": "", "traceback": []}


def frames(content: object = None, parent: object = None, header: object = None) -> list[bytes]:
    """Return a message as the kernel would send it, in answer to the request `mine`."""
    parts = (
        {"msg_type": "execute_reply"} if header is None else header,
        {"msg_id": "mine"} if parent is None else parent,
        {},
        {"status": "ok"} if content is None else content,
    )
    return [b"identity", MARK, b"signature", *(json.dumps(part).encode() for part in parts)]


def reply(message: list[bytes]) -> dict[str, Any] | None:
    """Let a message through the channel on which cells end."""
    return object.__new__(ShellChannel).vetted(message)


def shown(message: list[bytes]) -> tuple[dict[str, Any] | None, int]:
    """Let a message through the channel of output; return what passed and the bytes that were counted."""
    channel = object.__new__(OutputChannel)
    return channel.vetted(message), channel.output_bytes


def test_a_reply_says_how_the_cell_ended() -> None:
    """Status, class, message and traceback, and nothing else of what was sent."""
    error = {"status": "error", "ename": "ValueError", "evalue": "no", "traceback": ["a", "b"], "payload": [{"x": 1}]}
    assert [reply(frames()), reply(frames(error))] == [
        {"parent_header": {"msg_id": "mine"}, "content": ERROR_WITHOUT_WORDS | {"status": "ok"}},
        {
            "parent_header": {"msg_id": "mine"},
            "content": {"status": "error", "ename": "ValueError", "evalue": "no", "traceback": ["a", "b"]},
        },
    ]


@pytest.mark.parametrize(
    "message",
    [
        [],
        [b""],
        [MARK],
        frames()[:4],
        frames(parent=["mine"]),
        frames(parent={}),
        frames(parent={"msg_id": None}),
        [*frames()[:4], b"\xff\xfe", b"{}", b"{}"],
        [*frames()[:4], b"[" * 100_000, b"{}", b"{}"],
    ],
)
def test_what_answers_no_request_is_dropped(message: list[bytes]) -> None:
    """Too few frames, no JSON, no object, nested without end, no request."""
    assert reply(message) is None


@pytest.mark.parametrize(
    "content", [b"null", b"[]", b"7", b"\xff", b"[" * 100_000, b'{"status": 5}', b'{"status": null}', b"{}", b""]
)
def test_an_answer_that_says_nothing_is_an_error_without_words(content: bytes) -> None:
    """The cell is over; that it ended well would have to be said."""
    answer = reply([*frames()[:6], content])
    assert answer is not None
    assert answer["content"] == ERROR_WITHOUT_WORDS


def test_a_forged_error_is_made_of_text() -> None:
    """Lists, numbers and nothing in the place of words do not break us."""
    answer = reply(frames({"status": "error", "ename": ["a"], "evalue": None, "traceback": [1, {"x": 2}]}))
    assert answer is not None
    assert answer["content"] == {
        "status": "error",
        "ename": "['a']",
        "evalue": "None",
        "traceback": ["1", "{'x': 2}"],
    }


def test_a_reply_too_large_to_read_is_an_error() -> None:
    """The text of an exception may be a whole data set."""
    answer = reply([*frames()[:6], b"x" * (MAX_REPLY_BYTES + 1)])
    assert answer is not None
    assert answer["content"] == ERROR_WITHOUT_WORDS


def test_output_is_counted_and_dropped() -> None:
    """Content and buffers count; nobody reads them."""
    stream = frames({"name": "stdout", "text": "x" * 100}, header={"msg_type": "stream"})
    assert shown([*stream, b"buffer"]) == (None, len(stream[-1]) + len(b"buffer"))


def test_the_end_of_a_cell_passes() -> None:
    """The next cell waits for it, so that no output of one cell comes in the next."""
    status = {"msg_type": "status"}
    idle = frames({"execution_state": "idle", "more": 1}, header=status)
    assert shown(idle) == (
        {"parent_header": {"msg_id": "mine"}, "msg_type": "status", "content": {"execution_state": "idle"}},
        0,
    )
    assert shown(frames({"execution_state": "busy"}, header=status)) == (None, 0)


@pytest.mark.parametrize(
    "message",
    [
        [],
        [b"x" * 7],
        [MARK],
        [b"topic", MARK, b"", b"null"],
        [b"topic", MARK, b"", b"[" * 100_000, b"{}", b"{}", b"{}"],
    ],
)
def test_garbage_is_no_output(message: list[bytes]) -> None:
    """It is dropped like everything else, whatever it is."""
    assert shown(message)[0] is None
