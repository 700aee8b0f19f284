"""The clause that says whether a person stands behind each call, and who that may be: what is refused comes first."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pytest

from agreements.attending import Attendance, Unattended, attendance
from agreements.difference import difference
from agreements.documents.people import NamedPerson, Training
from agreements.elements import load_catalogue
from agreements.errors import InvalidAgreement, NotNarrower
from agreements.in_force import VerifiedBinding, verify_binding
from agreements.narrowing import require_narrower
from agreements.people import VerifiedPeopleAnnex, VerifiedUndertaking, verify_people_annex, verify_undertaking
from agreements.terms import PeopleBehind
from agreements.wording import sentences
from tests.factories.agreements import RECEIVED, REMOVED, Keyring, changed, client_id, example, key_for, rae
from tests.factories.lawful import CHILD, MASTER, read

TRAINED = Training("FERPA", date(2026, 7, 15), date(2029, 6, 30))
PAT = NamedPerson("person:pat", "Pat", "pat@partner.example", "staff", TRAINED, key_for("person:pat").public)
LATER = datetime.fromisoformat("2027-03-10T12:00:00+00:00")


@pytest.mark.claim(1)
@pytest.mark.parametrize("clause", ["maybe", True, None, ["required"], {}])
def test_another_word_in_the_clause_is_refused(clause: object) -> None:
    with pytest.raises(InvalidAgreement) as error:
        read(changed(example(), {"/people_behind": clause}))
    assert "/people_behind" in [problem.path for problem in error.value.problems]


def test_without_a_clause_a_person_is_allowed_and_the_document_is_what_it_was() -> None:
    before = read(example())
    assert before.people_behind is PeopleBehind.ALLOWED
    assert "people_behind" not in before.content
    after = read(changed(example(), {"/people_behind": "required"}))
    said = " ".join(sentences(difference(before, after), load_catalogue()))
    assert "Whether a person stands behind each call: 'required' is added." in said


@pytest.mark.ferpa("A8")
@pytest.mark.parametrize("child", ["required", "allowed", "barred"])
@pytest.mark.parametrize("master", [REMOVED, "required", "allowed", "barred"])
def test_a_child_lets_through_no_call_that_its_master_does_not(master: Any, child: str) -> None:
    over = read(example(MASTER) if master is REMOVED else changed(example(MASTER), {"/people_behind": master}))
    under = read(changed(example(CHILD), {"/master": over.digest, "/people_behind": child}))
    if master in {REMOVED, "allowed", child}:
        require_narrower(over, under)
        return
    with pytest.raises(NotNarrower) as error:
        require_narrower(over, under)
    assert [problem.path for problem in error.value.problems] == ["/people_behind"]


@pytest.mark.ferpa("D3")
@pytest.mark.parametrize(
    ("clause", "person", "role", "against"),
    [
        ("required", None, None, Unattended.REQUIRED),
        ("barred", "person:pat", "staff", Unattended.BARRED),
        ("barred", "person:eve", "staff", Unattended.BARRED),
        ("allowed", "person:eve", "staff", Unattended.NOT_ATTENDING),
        ("required", "person:eve", "staff", Unattended.NOT_ATTENDING),
        ("allowed", "person:pat", "responsible", Unattended.OTHER_ROLE),
        ("allowed", "person:pat", None, Unattended.OTHER_ROLE),
        ("required", "person:pat", "staff", None),
        ("allowed", "person:pat", "staff", None),
        ("allowed", None, None, None),
        ("barred", None, None, None),
    ],
)
def test_a_call_is_attended_as_the_agreement_has_it(
    clause: str, person: str | None, role: str | None, against: Unattended | None
) -> None:
    assert Attendance(PeopleBehind(clause), {"person:pat": "staff"}).against(person, role) is against


def test_with_nobody_known_nobody_attends() -> None:
    assert Attendance().against("person:pat", "staff") is Unattended.NOT_ATTENDING


@dataclass
class Office:
    """What a partner filed about its people."""

    ring: Keyring = field(default_factory=Keyring)
    annexes: list[VerifiedPeopleAnnex] = field(default_factory=list)
    undertakings: list[VerifiedUndertaking] = field(default_factory=list)
    bindings: list[VerifiedBinding] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bundle = self.ring.agreement()
        self.agreement = self.bundle.verified(self.ring)

    def name(self, *people: NamedPerson, approved: bool = True) -> None:
        made = self.ring.people(self.bundle, *people)
        filed, approval = self.ring.filed(made.envelope), self.ring.filed(made.approval)
        self.annexes.append(
            verify_people_annex(
                filed, [approval] if approved else [], authority=self.ring.authority, agreement=self.agreement
            )
        )

    def accept(self, person: str) -> None:
        signed = self.ring.filed(self.ring.undertaking(self.bundle, person=person))
        self.undertakings.append(verify_undertaking(signed, annexes=self.annexes, agreement=self.agreement))

    def bind_key_of(self, person: str) -> None:
        made = self.ring.binding(self.bundle, client_id("one"), (dict(key_for(person).public.jwk),))
        self.bindings.append(
            verify_binding(
                self.ring.filed(made.envelope),
                [self.ring.filed(made.approval)],
                authority=self.ring.authority,
                agreement=self.agreement,
            )
        )

    def people(self, at: datetime = RECEIVED) -> dict[str, str]:
        return dict(attendance(self.agreement, self.bindings, self.annexes, self.undertakings, at).people)


@pytest.mark.ferpa("D3")
def test_only_people_who_lack_nothing_attend() -> None:
    office = Office()
    assert office.people() == {}
    office.name(rae(), PAT, approved=False)
    assert office.people() == {}
    office.name(rae(), PAT)
    assert office.people() == {}
    office.accept(PAT.id)
    assert office.people() == {PAT.id: "staff"}
    assert office.people(LATER) == {PAT.id: "staff"}
    # The school year is over, and with it what was accepted for it.
    assert office.people(datetime.fromisoformat("2027-07-01T07:00:00+00:00")) == {}


@pytest.mark.ferpa("D3")
def test_an_ended_training_a_machines_key_and_a_list_without_the_person_end_it() -> None:
    office = Office()
    office.name(rae(), PAT)
    office.accept(PAT.id)
    office.accept(rae().id)
    assert office.people() == {PAT.id: "staff", rae().id: "responsible"}
    assert office.people(datetime.fromisoformat("2027-06-30T12:00:00+00:00")) == office.people()
    office.bind_key_of(PAT.id)
    assert office.people() == {rae().id: "responsible"}
    office.bindings.clear()
    office.name(rae(), approved=False)
    assert office.people() == {rae().id: "responsible"}
    trained = rae(training=Training("FERPA", date(2026, 7, 15), RECEIVED.date().replace(day=1)))
    office.name(trained, approved=False)
    assert office.people(LATER) == {}
