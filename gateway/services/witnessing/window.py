"""
How much of the log no witness has seen, and since when; and whether records may leave in the meantime.

Pure: what is known is put in, nothing is read here. One `Window` a process stands on the way of every disclosure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from agreements.witnessing import VerifiedWitnesses
from audit.cosignature import WitnessVerifier
from audit.cosigning import Cosigned
from gateway.problems import Problem

MISSING: Final = "witness_missing"
CONTRADICTED: Final = "log_damaged"


@dataclass(frozen=True, slots=True)
class Seen:
    """
    What as many witnesses as must have seen: the first `size` entries, `at` that time by their own clocks.

    Before their first cosignatures that is nothing, and `at` is the time of the naming.
    """

    size: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """Who is named, with address, and the newest cosignature of each by its `signer`, as far as there is one."""

    naming: VerifiedWitnesses
    keys: Mapping[WitnessVerifier, str]
    cosigned: Mapping[str, Cosigned]

    @property
    def seen(self) -> Seen:
        """
        What `must_cosign` of the named witnesses have seen.

        INVARIANT: not less than `must_cosign` of them hold a checkpoint of `size` or more, and as many cosigned at `at`
        or later. What is larger continues what is smaller, so each of them would find any change below `size`.
        """
        must, named = self.naming.witnesses.must_cosign, self.naming.received.at
        found = [self.cosigned[each.signer] for each in self.keys if each.signer in self.cosigned]
        if len(found) < must:
            return Seen(0, named)
        size = sorted((each.size for each in found), reverse=True)[must - 1]
        at = datetime.fromtimestamp(sorted((each.time for each in found), reverse=True)[must - 1], UTC)
        return Seen(size, max(at, named))


class Window:
    """
    Whether disclosures may leave, as far as witnesses go. Asked without a statement: what it knows is refreshed beside.

    INVARIANT: it closes by itself. Whoever refreshes it may hang or die; when the hours are over by the log's clock,
    nothing leaves.
    """

    __slots__ = ("_contradicted", "_until")

    def __init__(self) -> None:
        """Begin without witnesses: open."""
        self._until: datetime | None = None
        self._contradicted = False

    @property
    def until(self) -> datetime | None:
        """The first moment at which nothing leaves unless a cosignature comes; None without witnesses."""
        return self._until

    def extend(self, seen: Seen | None, hours: int) -> None:
        """Take note of what witnesses have seen; None: there are none to wait for."""
        self._until = None if seen is None else seen.at + timedelta(hours=hours)

    def close(self) -> None:
        """Nothing leaves: who must cosign is not known."""
        self._until = datetime.min.replace(tzinfo=UTC)

    def contradict(self, *, contradicted: bool) -> None:
        """Take note of whether witnesses hold a log that this one does not continue."""
        self._contradicted = contradicted

    def is_open(self, now: datetime) -> bool:
        """Return whether records may leave at this moment of the log's clock."""
        return not self._contradicted and (self._until is None or now < self._until)

    def require_open(self, now: datetime) -> None:
        """Check that records may leave at this moment of the log's clock. Raises `Problem`, which is answered 503."""
        if self._contradicted:
            raise Problem(CONTRADICTED)
        if self._until is not None and now >= self._until:
            raise Problem(MISSING)
