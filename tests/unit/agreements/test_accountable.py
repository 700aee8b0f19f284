"""A client asks only while somebody answers for it: named as responsible, trained, bound for this school year."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreements.accountable import Window, accountable
from agreements.documents.people import NamedPerson, Training
from agreements.in_force import VerifiedBinding, verify_binding
from agreements.people import VerifiedPeopleAnnex, VerifiedUndertaking, verify_people_annex, verify_undertaking
from tests.factories.agreements import (
    RECEIVED,
    RESPONSIBLE_PERSON,
    Keyring,
    SignedAgreement,
    SignedPeople,
    client_id,
    client_jwk,
    key_for,
    rae,
)

CLIENT = client_id("one")
JULY = datetime(2027, 7, 1, 7, tzinfo=UTC)
"""Midnight of 1 July 2027 in Seattle."""
TRAINED = Training("FERPA", date(2026, 7, 15), date(2029, 6, 30))
STAN = NamedPerson("person:stan", "Stan", "stan@partner.example", "responsible", TRAINED, key_for("person:stan").public)


def day(number: int, month: int = 9) -> datetime:
    return datetime(2026, month, number, 12, tzinfo=UTC)


@dataclass
class Story:
    """What a partner filed about its people and one client, each with its own instant."""

    ring: Keyring = field(default_factory=Keyring)
    bindings: list[VerifiedBinding] = field(default_factory=list)
    annexes: list[VerifiedPeopleAnnex] = field(default_factory=list)
    undertakings: list[VerifiedUndertaking] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bundle: SignedAgreement = self.ring.agreement()

    def bind(self, at: datetime = RECEIVED, responsible: str = RESPONSIBLE_PERSON, *jwks: dict[str, object]) -> None:
        listed = jwks or (client_jwk(f"one {at}"),)
        made = self.ring.binding(self.bundle, CLIENT, listed, responsible=responsible)  # type: ignore[arg-type]
        self.bindings.append(
            verify_binding(
                self.ring.filed(made.envelope, at=at),
                [self.ring.filed(made.approval, at=at)],
                authority=self.ring.authority,
                agreement=self.bundle.verified(self.ring),
            )
        )

    def name(self, *people: NamedPerson, at: datetime = RECEIVED, approved: datetime | None = RECEIVED) -> SignedPeople:
        made = self.ring.people(self.bundle, *people)
        self.annexes.append(
            verify_people_annex(
                self.ring.filed(made.envelope, at=at),
                [] if approved is None else [self.ring.filed(made.approval, at=approved)],
                authority=self.ring.authority,
                agreement=self.bundle.verified(self.ring),
            )
        )
        return made

    def accept(self, person: str = RESPONSIBLE_PERSON, *, at: datetime = RECEIVED, year: str = "2026-2027") -> None:
        signed = self.ring.undertaking(self.bundle, person=person, school_year=year)
        agreement = self.bundle.verified(self.ring)
        self.undertakings.append(
            verify_undertaking(self.ring.filed(signed, at=at), annexes=self.annexes, agreement=agreement)
        )

    def windows(self) -> Sequence[tuple[datetime, datetime]]:
        found = accountable(self.bundle.verified(self.ring), self.bindings, self.annexes, self.undertakings)
        assert set(found) == {each.binding.client for each in self.bindings}
        return [(each.begins, each.ends) for each in found.get(CLIENT, ())]


@pytest.mark.ferpa("D3")
@pytest.mark.parametrize("missing", ["annex", "approval", "undertaking", "role", "person"])
def test_a_client_without_a_responsible_person_has_no_window(missing: str) -> None:
    story = Story()
    story.bind(RECEIVED, "person:nobody" if missing == "person" else RESPONSIBLE_PERSON)
    story.name(rae(training=TRAINED))
    if missing != "undertaking":
        story.accept()
    match missing:
        case "annex":
            story.annexes.clear()
        case "approval":
            story.annexes.clear()
            story.name(rae(training=TRAINED), approved=None)
        case "role":
            story.annexes.clear()
            story.name(rae(training=TRAINED, role="staff"))
        case _:
            pass
    assert story.windows() == []


@pytest.mark.ferpa("D3")
def test_the_window_begins_with_the_last_step_and_ends_with_the_school_year() -> None:
    for bound, named, accepted in ((1, 2, 3), (3, 1, 2), (2, 3, 3)):
        story = Story()
        story.bind(day(bound))
        story.name(rae(training=TRAINED), at=day(1), approved=day(named))
        story.accept(at=day(accepted))
        assert story.windows() == [(day(3), JULY)]


@pytest.mark.ferpa("D3")
def test_a_training_counts_from_its_day_through_its_last_day_in_the_agreements_zone() -> None:
    story = Story()
    story.bind()
    story.name(rae(training=Training("FERPA", date(2026, 10, 1), date(2026, 12, 31))))
    story.accept()
    assert story.windows() == [(datetime(2026, 10, 1, 7, tzinfo=UTC), datetime(2027, 1, 1, 8, tzinfo=UTC))]


@pytest.mark.ferpa("D3")
def test_each_school_year_is_accepted_anew() -> None:
    story = Story()
    story.bind()
    story.name(rae(training=TRAINED))
    story.accept()
    story.accept(at=JULY.replace(day=2), year="2027-2028")
    assert story.windows() == [(RECEIVED, JULY), (JULY.replace(day=2), JULY.replace(year=2028))]
    # Accepted in advance, there is no gap.
    story.undertakings.pop()
    story.accept(at=day(1, 12), year="2027-2028")
    assert story.windows() == [(RECEIVED, JULY.replace(year=2028))]


@pytest.mark.ferpa("D3")
@pytest.mark.parametrize("approved", [None, day(20)])
def test_who_is_removed_from_the_annex_is_out_at_once(approved: datetime | None) -> None:
    story = Story()
    story.bind()
    story.name(rae(training=TRAINED), STAN)
    story.accept()
    story.name(STAN, at=day(20), approved=approved)
    assert story.windows() == [(RECEIVED, day(20))]
    # Named again, with the same key: the acceptance of this school year still counts.
    story.name(rae(training=TRAINED), at=day(22), approved=day(24))
    assert story.windows() == [(RECEIVED, day(20)), (day(24), JULY)]


@pytest.mark.ferpa("D3")
@pytest.mark.attack("an acceptance under a key that was replaced")
def test_a_person_with_a_new_key_accepts_anew() -> None:
    story = Story()
    story.bind()
    story.name(rae(training=TRAINED))
    story.accept()
    story.name(rae(training=TRAINED, key=key_for("rae renewed").public), at=day(20), approved=day(20))
    assert story.windows() == [(RECEIVED, day(20))]


def test_the_newest_binding_says_who_answers() -> None:
    story = Story()
    story.bind()
    story.name(rae(training=TRAINED), STAN)
    story.accept()
    story.bind(day(20), "person:stan")
    assert story.windows() == [(RECEIVED, day(20))]
    story.accept("person:stan", at=day(25))
    assert story.windows() == [(RECEIVED, day(20)), (day(25), JULY)]


@pytest.mark.attack("a machine accepts its own undertaking")
def test_a_clients_own_key_answers_for_nobody() -> None:
    story = Story()
    story.bind(RECEIVED, RESPONSIBLE_PERSON, dict(key_for(RESPONSIBLE_PERSON).public.jwk))
    story.name(rae(training=TRAINED))
    story.accept()
    assert story.windows() == []


def test_windows_of_clients_are_their_own() -> None:
    story = Story()
    story.bind()
    other = story.ring.binding(story.bundle, client_id("two"), [client_jwk("two")], responsible="person:nobody")
    story.bindings.append(other.verified(story.ring))
    story.name(rae(training=TRAINED))
    story.accept()
    assert story.windows() == [(RECEIVED, JULY)]


_STORY = Story()
_STORY.bind()
_STORY.name(rae(training=TRAINED), STAN)
_STORY.name(STAN, at=day(10), approved=None)
_STORY.name(rae(training=TRAINED), at=day(12), approved=day(14))
_STORY.accept()
_STORY.accept(at=day(1, 12), year="2027-2028")
_STORY.bind(day(20))


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.data())
def test_with_less_on_file_there_are_no_other_instants_but_for_what_took_somebody_out(data: st.DataObject) -> None:
    """Leaving out an undertaking or an approved annex never opens an instant; windows are in order and apart."""
    undertakings = data.draw(st.sets(st.sampled_from(range(len(_STORY.undertakings)))))
    annexes = data.draw(st.sets(st.sampled_from([0, 2]))) | {1}
    kept = [_STORY.annexes[index] for index in sorted(annexes)]
    agreement = _STORY.bundle.verified(_STORY.ring)
    chosen = [_STORY.undertakings[index] for index in sorted(undertakings)]
    windows = accountable(agreement, _STORY.bindings, kept, chosen)[CLIENT]
    whole = accountable(agreement, _STORY.bindings, _STORY.annexes, _STORY.undertakings)[CLIENT]
    for window in windows:
        assert window.begins < window.ends
        assert any(each.within(window) == window for each in whole)
    assert all(one.ends < two.begins for one, two in pairwise(windows))
    assert isinstance(whole[0], Window)
