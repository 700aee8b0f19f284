"""Leaves: canonical, bounded, without floats; what is written is what is read."""

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from audit.entry import MAX_DEPTH, MAX_INTEGER, MAX_LEAF, encode, parse
from audit.errors import LeafRefused
from audit.events import MOVES_EPOCH, Event

TIME = datetime(2025, 9, 1, 12, 0, tzinfo=UTC)
PINNED = json.loads((Path(__file__).parents[2] / "vectors" / "log.json").read_text())["leaf"].encode()

names = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=8)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-MAX_INTEGER, MAX_INTEGER)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)
bodies = st.dictionaries(names.filter(lambda name: name not in {"event", "time", "v"}), values, max_size=5)


@pytest.mark.parametrize(
    "value",
    [
        0.5,
        float("nan"),
        [1, [2.0]],
        {"gpa": 3.9},
        2**53,
        -(2**53),
        b"bytes",
        {1: "number as name"},
        {"": 1},
        {"é": 1},
        {1},
    ],
)
def test_a_value_that_json_readers_could_read_differently_is_refused(value: object) -> None:
    with pytest.raises(LeafRefused):
        encode(Event.DISCLOSURE, TIME, {"value": value})


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(LeafRefused):
        encode(Event.DISCLOSURE, TIME.replace(tzinfo=None), {})


@pytest.mark.parametrize("name", ["v", "time", "event"])
def test_the_fields_of_every_entry_cannot_be_overwritten(name: str) -> None:
    body: dict[str, object] = {name: "forged"}
    with pytest.raises(LeafRefused):
        encode(Event.DISCLOSURE, TIME, body)


def test_half_a_character_is_refused() -> None:
    with pytest.raises(LeafRefused):
        encode(Event.DISCLOSURE, TIME, {"text": "\ud800"})


def test_a_leaf_longer_than_a_bundle_can_say_is_refused() -> None:
    room = MAX_LEAF - len(encode(Event.DISCLOSURE, TIME, {"text": ""}))
    assert len(encode(Event.DISCLOSURE, TIME, {"text": "x" * room})) == MAX_LEAF
    with pytest.raises(LeafRefused):
        encode(Event.DISCLOSURE, TIME, {"text": "x" * (room + 1)})


def test_nesting_without_end_is_refused() -> None:
    nested: list[object] = []
    for _ in range(MAX_DEPTH):
        nested = [nested]
    with pytest.raises(LeafRefused):
        encode(Event.DISCLOSURE, TIME, {"nested": nested})


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b'{"v":2}',
        b'{"event":"disclosure","time":"now","v":1,}',
        b'{"event":"disclosure", "time":"now","v":1}',
        b'{"time":"now","event":"disclosure","v":1}',
        b'{"event":"disclosure","event":"disclosure","time":"now","v":1}',
        b'{"event":"disclosure","gpa":3.9,"time":"now","v":1}',
        b'{"event":1,"time":"now","v":1}',
        b'{"event":"disclosure","v":1}',
        b'{"a":"\\ud800","event":"disclosure","time":"now","v":1}',
        b"[" * 60_000,
    ],
)
def test_bytes_that_this_room_did_not_write_are_not_read(written: bytes) -> None:
    with pytest.raises(LeafRefused):
        parse(written)


def test_the_bytes_of_a_leaf_are_pinned() -> None:
    eastern = TIME.astimezone(timezone(-timedelta(hours=4)))
    body = {"word": "é\n", "count": 3, "sandbox": True, "person": None, "clauses": ("/data/0",)}
    assert encode(Event.DISCLOSURE, eastern, body) == PINNED


@given(body=bodies)
def test_what_is_written_is_canonical_json_and_reads_back(body: dict[str, object]) -> None:
    written = encode(Event.REFUSAL, TIME, body)
    assert written == rfc8785.dumps(json.loads(written))
    entry = parse(written)
    assert (entry.event, entry.time, entry.body) == ("refusal", "2025-09-01T12:00:00.000000Z", body)


def test_an_event_from_the_future_can_be_read() -> None:
    assert parse(b'{"event":"not.yet","time":"2099","v":1}').event == "not.yet"


def test_every_event_is_described_and_every_stop_moves_the_epoch() -> None:
    assert all(event.description.endswith(".") for event in Event)
    assert {event for event in Event if event.endswith(("suspended", "withdrawn", "loaded"))} <= MOVES_EPOCH
    assert MOVES_EPOCH.isdisjoint({Event.DISCLOSURE, Event.REFUSAL, Event.TOKEN_ISSUED, Event.RECEIPT_READ})
