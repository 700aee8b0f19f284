"""What is searched for in the log, and whether an entry is it: judged by the entry itself, whatever led there."""

from dataclasses import dataclass, field
from datetime import datetime

from audit.entry import stamp
from audit.errors import LeafRefused
from audit.facets import Facet, Said, told
from audit.index import NUMBER_SIZE


@dataclass(frozen=True, slots=True)
class Clause:
    """An entry that says one of these; with `without`, one that says none of them. Of no words there is none."""

    any_of: frozenset[tuple[Facet, str]]
    without: bool = False

    def __post_init__(self) -> None:
        """Write the values as they are read from a leaf."""
        object.__setattr__(self, "any_of", frozenset((facet, told(value)) for facet, value in self.any_of))

    def holds(self, said: Said) -> bool:
        """Whether an entry is as this clause says."""
        return self.any_of.isdisjoint(said.facets) is self.without


@dataclass(frozen=True, slots=True)
class Query:
    """
    Entries for which every clause holds, from `since` on and before `until` by their own time.

    `subject` is the number of a student who stands beside the entry, or several that are one student's, one behind the
    other; it is not printed. Raises `LeafRefused`.
    """

    clauses: tuple[Clause, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    subject: bytes | None = field(default=None, repr=False)
    newest_first: bool = True

    def __post_init__(self) -> None:
        """Refuse what can match nothing by mistake."""
        if any(each is not None and each.tzinfo is None for each in (self.since, self.until)):
            raise LeafRefused("a time that is searched for needs a time zone")
        if self.subject is not None and (not self.subject or len(self.subject) % NUMBER_SIZE):
            raise LeafRefused(f"a subject number has {NUMBER_SIZE} bytes")

    @property
    def numbers(self) -> tuple[bytes, ...]:
        """The numbers of which one has to stand beside the entry; none if nobody is searched for."""
        packed = self.subject or b""
        return tuple(packed[at : at + NUMBER_SIZE] for at in range(0, len(packed), NUMBER_SIZE))

    def holds(self, said: Said) -> bool:
        """Whether an entry is as it should be, apart from whom it names."""
        return self.meets(said.time, said.time) and all(clause.holds(said) for clause in self.clauses)

    def meets(self, first: str | None, last: str | None) -> bool:
        """Whether a time between these two can be within the period. An entry without a time is in none."""
        if first is None or last is None:
            return self.since is None and self.until is None
        since, until = (None if each is None else stamp(each) for each in (self.since, self.until))
        return (since is None or last >= since) and (until is None or first < until)
