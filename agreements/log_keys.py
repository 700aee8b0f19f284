"""
The public keys of the log: the one that was pinned, and those that two officers introduced or retired since.

INVARIANT: a key counts from the entry of its introduction on, and not beyond that of its retirement; a retired key
never comes back, under a later origin neither, and one key always stands.
"""

from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import InitVar, dataclass, replace
from typing import Final

from agreements.authority import Authority, Received
from agreements.canonical import read_canonical
from agreements.documents.log_key import INTRODUCED, LogKeyMove, read_log_key
from agreements.errors import LogKeyRefused
from agreements.filed import Filed
from agreements.names import person
from agreements.seal import SEAL, require_seal
from agreements.signature import Kind
from agreements.trust import Trust

_OFFICERS: Final = 2


@dataclass(frozen=True, slots=True)
class LogKey:
    """One key as the log has it: the entries that introduced and retired it; None if it was pinned, or stands."""

    key: str
    introduced: int | None = None
    retired: int | None = None


@dataclass(frozen=True, slots=True)
class VerifiedLogKeyMove:
    """A move that two officers signed."""

    move: LogKeyMove
    received: Received
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        require_seal(seal)


def verify_log_key(filed: Filed, *, authority: Authority) -> VerifiedLogKeyMove:
    """Verify that two officers moved a key of this log. Raises an `AgreementError` naming the first thing wrong."""
    filed.require_kind(Kind.LOG_KEY)
    # (1): every signature verifies, by an officer in office when it was received.
    officers = authority.signed_by_officers(filed.envelope, filed.received)
    # (2): two people decided; two keys of one person are one.
    if len({person(officer.name) for officer in officers}) < _OFFICERS:
        raise LogKeyRefused("Two officers sign which keys the log has, and this is signed by one.")
    # (3): it is about this log: a document of another district's log moves nothing here.
    read_canonical(filed.envelope.payload)
    move = read_log_key(filed.envelope.payload)
    # After a recovery, what was received before is about the origin that the log had then.
    then = authority.trust.at(filed.received.index).origin
    if move.origin != then:
        raise LogKeyRefused(f"The document is about the log {move.origin}, and this is {then}.")
    return VerifiedLogKeyMove(move, filed.received, SEAL)


def moved(keys: tuple[LogKey, ...], verified: VerifiedLogKeyMove, ended: Collection[str] = ()) -> tuple[LogKey, ...]:
    """
    Return the log's keys after a move; `ended` are the public halves that were retired under an earlier origin.

    Raises `LogKeyRefused` if it cannot follow on what was before.
    """
    move, index = verified.move, verified.received.index
    known = {each.key: each for each in keys}
    found = known.get(move.key)
    if move.move == INTRODUCED:
        if found is not None or _half(move.key) in ended:
            raise LogKeyRefused("The log has this key already, or had it; a retired key does not come back.")
        return (*keys, LogKey(move.key, introduced=index))
    if found is None or found.retired is not None:
        raise LogKeyRefused("This is no key of the log, or it is retired already.")
    if not any(each.retired is None for each in keys if each is not found):
        raise LogKeyRefused("It is the log's only key. Introduce another one first.")
    return tuple(replace(each, retired=index) if each is found else each for each in keys)


def pinned_log_keys(trust: Trust) -> tuple[LogKey, ...]:
    """Return the log's keys before any move: the one in the trust file."""
    return (LogKey(trust.log_public_key),)


def log_keys_of(trust: Trust, moves: Iterable[VerifiedLogKeyMove]) -> tuple[LogKey, ...]:
    """Return the log's keys after these moves, in the order of the log; what cannot follow is left out."""
    return log_keys_by_origin(trust, moves)[-1]


def log_keys_by_origin(trust: Trust, moves: Iterable[VerifiedLogKeyMove]) -> list[tuple[LogKey, ...]]:
    """Return the keys that the log had under each of its origins, the oldest first: a recovery pins one anew."""
    ordered, found = sorted(moves, key=lambda move: move.received.index), list[tuple[LogKey, ...]]()
    for times in range(len(trust.follows) + 1):
        then = trust.before(times)
        keys, ended = pinned_log_keys(then), ended_halves(found)
        for each in ordered:
            if each.move.origin == then.origin:
                with suppress(LogKeyRefused):
                    keys = moved(keys, each, ended)
        found.append(keys)
    return found


def ended_halves(origins: Iterable[tuple[LogKey, ...]]) -> frozenset[str]:
    """Return the public halves of the keys that were retired under these origins."""
    return frozenset(_half(each.key) for keys in origins for each in keys if each.retired is not None)


def _half(key: str) -> str:
    """Return the public half in a verifier key, `name+id+base64`: the same key under another name is the same half."""
    return key.split("+", 2)[-1]
