"""
Who of the people who sign in has which role, as one pass over the register finds it.

INVARIANT: nothing is believed because it stands in a row (claim 1). An identity counts if the entry that linked it
commits to it; a role if two officers gave it to exactly that identity. A stop counts by its entry or by its row alone.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Final

from agreements.errors import AgreementError
from agreements.signature import Kind
from agreements.staffing import VerifiedStaffRole, require_given_by_others, verify_staff_role
from audit.events import Event
from gateway.services.standing.identity import Identity, Person, realm_of
from gateway.services.standing.judging import Judging, texts
from gateway.services.standing.staff import Link, StaffRoles

_STOPPED: Final[Mapping[str, str]] = {Event.STAFF_SUSPENDED.value: "person", Event.ROLE_ENDED.value: "given"}
"""Event -> which part of its entry names what was stopped."""


def staff_roles(judging: Judging) -> StaffRoles:
    """Return the people and the roles that hold."""
    stops = sorted(_stops(judging), key=lambda stop: stop[1])
    links = sorted(_links(judging), key=lambda link: link.index)
    newest = {each.person.id: each for each in links}
    every = _verified(judging)
    own_keys = _own_keys(every)
    ended = {subject for subject, _ in stops}
    return StaffRoles(
        links={each.identity: each for each in newest.values()},
        given=tuple(_given_by_others(judging, (each for each in every if each.digest not in ended), own_keys)),
        stopped=_stopped(judging, stops, own_keys),
        own_keys=own_keys,
        authority=judging.authority,
    )


def _links(judging: Judging) -> Iterator[Link]:
    """Yield the identities that the entry of their link commits to, each once: it is the first one's who had it."""
    entries = judging.read.entries
    erased = {
        str(entry.body.get("person")): index
        for index, entry in sorted(entries.items())
        if entry.event == Event.STAFF_ERASED
    }
    owners: dict[Identity, str] = {}
    for row in sorted(judging.read.staff_links, key=lambda row: row["idx"]):
        person, index = row["person"], row["idx"]
        identity = Identity(realm_of(row["party"]), row["issuer"], row["subject"])
        committed = identity.commitment(row["salt"])
        # (1): the entry links exactly this identity to exactly this person.
        if not judging.named(index, Event.STAFF_LINKED, person=person, party=row["party"], identity=committed):
            judging.alarm("link_refused", person=person, entry=str(index), reason="not_in_log")
        # (2): it was not erased since; an older copy of the table brings nobody back.
        elif index < erased.get(person, -1):
            judging.alarm("link_refused", person=person, entry=str(index), reason="erased")
        # (3): nobody else has it: two people in the tables must not be one at the door.
        elif owners.setdefault(identity, person) != person:
            judging.alarm("link_refused", person=person, entry=str(index), reason="taken")
        else:
            invited_by = entries[index].body.get("invited_by")
            yield Link(Person(person, row["party"], committed), identity, index, invited_by)


def _verified(judging: Judging) -> list[VerifiedStaffRole]:
    """Return the roles that two officers gave, ended or not; what does not hold is reported and left out."""
    found = []
    for filed in judging.filed(judging.read.register.of(Kind.STAFF_ROLE)):
        try:
            verified = judging.once(
                lambda filed=filed: verify_staff_role(filed, authority=judging.authority),  # type: ignore[misc] # bound in the loop
                *("staff_role", judging.authority.digest),
                *texts(filed),
            )
        except AgreementError as error:
            judging.alarm("role_refused", document=filed.envelope.digest, reason=error.code)
            continue
        found.append(verified)
    return found


def _own_keys(every: Iterable[VerifiedStaffRole]) -> Mapping[str, frozenset[str]]:
    """Return the officers' keys of each person, those of roles that are over included: it is the same person."""
    found: dict[str, frozenset[str]] = {}
    for each in every:
        if each.given.officer_key is not None:
            found[each.given.person] = found.get(each.given.person, frozenset()) | {each.given.officer_key}
    return found


def _given_by_others(
    judging: Judging, every: Iterable[VerifiedStaffRole], own_keys: Mapping[str, frozenset[str]]
) -> Iterator[VerifiedStaffRole]:
    for each in every:
        try:
            if each.given.officer_key is None:
                require_given_by_others(each.officers, own_keys.get(each.given.person, frozenset()), judging.authority)
        except AgreementError as error:
            judging.alarm("role_refused", document=each.digest, reason=error.code)
            continue
        yield each


def _stops(judging: Judging) -> Iterator[tuple[str, int]]:
    """Yield every stop, by its entry or its row: of a person by the id, of a role by its document's digest."""
    there = {(row["subject"], row["idx"]) for row in judging.read.staff_stops}
    logged = {
        (str(entry.body.get(_STOPPED[entry.event])), index)
        for index, entry in judging.read.entries.items()
        if entry.event in _STOPPED
    }
    for subject, index in sorted(logged - there, key=lambda stop: stop[1]):
        judging.alarm("stop_missing", subject=subject, entry=str(index))
    for subject, index in sorted(there - logged, key=lambda stop: stop[1]):
        judging.alarm("stop_not_in_log", subject=subject, entry=str(index))
    yield from logged | there


def _stopped(
    judging: Judging, stops: Iterable[tuple[str, int]], own_keys: Mapping[str, frozenset[str]]
) -> Mapping[str, int]:
    """Return the stops that no officer has undone, of each person the newest; nobody undoes their own."""
    undone = set()
    stored = [each for each in judging.read.register.of(Kind.REINSTATEMENT) if each.concerns is None]
    for each in judging.reinstatements(stored):
        subject = each.reinstatement.subject
        with suppress(AgreementError):
            require_given_by_others(each.officers, own_keys.get(subject, frozenset()), judging.authority)
            undone.add((subject, each.reinstatement.undoes))
    return {subject: index for subject, index in stops if (subject, index) not in undone}
