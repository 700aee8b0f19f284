"""
The people who may sign in, and the role each has now: what `gateway.services.standing.staffing` found to hold.

INVARIANT: whoever is not in it, or is suspended, has no role. There is no other source of roles that widen anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from agreements.authority import Authority, Received
from agreements.roles import Role
from agreements.staffing import VerifiedStaffRole
from gateway.services.standing.identity import Identity, Person


@dataclass(frozen=True, slots=True)
class Link:
    """One identity of a person, and the entry that linked it; `invited_by` is who signed in to invite them, if any."""

    person: Person
    identity: Identity = field(repr=False)
    index: int
    invited_by: str | None = None


@dataclass(frozen=True, slots=True)
class StaffRoles:
    """
    The people who may sign in and their roles; empty, and nobody has any.

    `links` is by identity, each the newest one of its person; `given` are the roles that verify and were not ended;
    `stopped` are the people who are suspended, each with the entry.
    """

    links: Mapping[Identity, Link] = field(default_factory=dict, repr=False)
    given: tuple[VerifiedStaffRole, ...] = ()
    stopped: Mapping[str, int] = field(default_factory=dict)
    own_keys: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The officers' keys known to be of each person: by none of them does the person gain a role."""
    authority: Authority | None = None

    def person_of(self, identity: Identity) -> Person | None:
        """Return whose identity it is, suspended or not; None for a stranger."""
        link = self.links.get(identity)
        return None if link is None else link.person

    def roles_of(self, identity: Identity, now: Received) -> frozenset[Role]:
        """Return the roles that this identity has now: none for a stranger and for the suspended."""
        return frozenset(each.given.role for each in self.held(identity, now))

    def held(self, identity: Identity, now: Received) -> tuple[VerifiedStaffRole, ...]:
        """Return the documents that give this identity its roles now, in the order of the log."""
        link = self.links.get(identity)
        if link is None or link.person.id in self.stopped:
            return ()
        return tuple(each for each in self.given if self.counts(each, link, now))

    def counts(self, role: VerifiedStaffRole, link: Link, now: Received) -> bool:
        """Return whether a role is one of this link's person now, suspension aside."""
        given = role.given
        return (
            (given.person, given.identity, given.party) == (link.person.id, link.person.commitment, link.person.party)
            # Officers vouched for an identity that was there; and what they gave counts on its own days.
            and link.index < role.received.index
            and given.counts_on(now.day)
            # An officer without a key in office is none any more, whatever the last day says.
            and (given.officer_key is None or given.officer_key in self._officers(now))
        )

    def _officers(self, now: Received) -> Mapping[str, object]:
        return {} if self.authority is None else self.authority.officers(now)
