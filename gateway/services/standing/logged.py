"""
The stops that the log tells of, whatever became of their rows; and the documents that it received and that are gone.

INVARIANT: a stop counts by its entry. Whoever deletes its row, or every row that points to the entry, gives nobody
anything back, and is found (claim 7).
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from agreements.lifecycle import Move, Standing
from audit.entry import Entry
from audit.events import Event
from gateway.services.standing.registry import Alarm, Read

_MOVES: Final[Mapping[str, tuple[str, Standing]]] = {
    Event.AGREEMENT_SUSPENDED.value: ("agreement", Standing.SUSPENDED),
    Event.AGREEMENT_TERMINATED.value: ("agreement", Standing.TERMINATED),
    Event.AGREEMENT_REPLACED.value: ("agreement", Standing.REPLACED),
    Event.AGREEMENT_CLOSED.value: ("agreement", Standing.CLOSED),
    Event.EMERGENCY_ENDED.value: ("order", Standing.TERMINATED),
}
"""Event -> which part of its entry names what was stopped, and where that stands then."""


_KEPT_ELSEWHERE: Final = frozenset(
    {
        Event.OUTSIDE_DISCLOSURE,
        Event.FAMILY_REQUEST_RECEIVED,
        Event.FAMILY_REQUEST_EXTENDED,
        Event.FAMILY_REQUEST_ANSWERED,
        Event.FAMILY_REQUEST_REFUSED,
        Event.FAMILY_REQUEST_TAKEN_BACK,
        Event.LINES_WITHHELD,
        Event.PARTNERS_TELLING,
    }
)
"""Entries whose documents are not in the register of agreements: whoever reads those misses the ones that are gone."""


def as_logged(read: Read, alarm: Alarm) -> Read:
    """Return what was read with every stop of the log in it; a stop without its row, or a row without entry, alarms."""
    moves: dict[str, list[Move]] = {}
    for index, entry in sorted(read.entries.items()):
        if entry.event in _MOVES:
            name, reached = _MOVES[entry.event]
            digest = str(entry.body.get(name))
            if all(move.index != index or move.status != reached for move in read.register.moves_of(digest)):
                alarm("stop_missing", {name: digest, "entry": str(index)})
                moves.setdefault(digest, []).append(Move(reached.value, index, "its entry says so"))
    for digest, move in _unlogged(read):
        alarm("stop_not_in_log", {"document": digest, "entry": str(move.index)})
    return replace(
        read,
        register=read.register.having(moves),
        client_stops=_stops(read, read.client_stops, Event.CLIENT_SUSPENDED, "client", alarm),
        partner_stops=_stops(read, read.partner_stops, Event.PARTNER_SUSPENDED, "partner", alarm),
    )


def missing_documents(read: Read) -> dict[str, tuple[int, Entry]]:
    """
    Return the documents that an entry received and that do not stand under it any more, each with that entry.

    A list of people that stands under another agreement than the one it was named for is missing where it belongs.
    """
    there = {(each.digest, each.index): each.concerns for each in read.register.stored}
    return {
        str(entry.body["document"]): (index, entry)
        for index, entry in sorted(read.entries.items())
        if "document" in entry.body
        and entry.event not in _KEPT_ELSEWHERE
        and (
            (entry.body["document"], index) not in there
            or (
                entry.event == Event.PEOPLE_NAMED
                and there[entry.body["document"], index] != entry.body.get("agreement")
            )
        )
    }


def _unlogged(read: Read) -> Iterator[tuple[str, Move]]:
    """Go through the stops that stand in a row alone. They count: a stop needs nothing."""
    for digest, moves in read.register.moves.items():
        for move in moves:
            entry = read.entries.get(move.index)
            if move.status == Standing.ACTIVE or (
                entry is not None
                and entry.event in _MOVES
                and (entry.body.get(_MOVES[entry.event][0]), _MOVES[entry.event][1]) == (digest, move.status)
            ):
                continue
            yield digest, move


def _stops(
    read: Read, rows: tuple[Mapping[Any, Any], ...], event: Event, name: str, alarm: Alarm
) -> tuple[Mapping[Any, Any], ...]:
    there = {(row[name], row["idx"]) for row in rows}
    logged = {
        (str(entry.body.get(name)), index): index for index, entry in read.entries.items() if entry.event == event.value
    }
    for subject, index in sorted(logged.keys() - there, key=lambda stop: stop[1]):
        alarm("stop_missing", {name: subject, "entry": str(index)})
    for subject, index in sorted(there - logged.keys(), key=lambda stop: stop[1]):
        alarm("stop_not_in_log", {name: subject, "entry": str(index)})
    every = [*rows, *({name: subject, "idx": index} for subject, index in logged.keys() - there)]
    return tuple(sorted(every, key=lambda row: row["idx"]))
