"""
The life of an agreement as a machine that tries every move in any order, by people who may and people who may not.

Beside the documents it keeps a book of its own: who signed what at which entry. After each step everything is judged
anew, as at every load, and must agree with the book: nothing is in force without both parties and a second officer.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any, ClassVar, Final

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from agreements.authority import Authority, Filed, Received, build_authority
from agreements.canonical import canonical_bytes
from agreements.document import Agreement, parse_agreement
from agreements.documents.approval import Approval, approval_bytes
from agreements.documents.officer import OfficerIntroduction, officer_bytes
from agreements.documents.reinstatement import Reinstatement, reinstatement_bytes
from agreements.documents.revocation import Revocation, revocation_bytes
from agreements.documents.signer import LIMITS, Signer, signer_bytes
from agreements.elements import load_catalogue
from agreements.errors import AgreementError, MoveNotAllowed
from agreements.in_force import VerifiedAgreement, verify_agreement, verify_reinstatement
from agreements.lifecycle import Act, Move, Standing, require_allowed, standing
from agreements.signature import AnySignature, Envelope, Kind, add_signature
from agreements.trust import Officer, pin_trust
from tests.factories.agreements import RECEIVED, SPS_A, changed, example, key_for

DISTRICT, PARTNER, ELSEWHERE = "district:emerald-city", "partner:bright-path", "partner:harbor-mentors"
OTHER_PARTIES: Final = {"/partner": {"id": ELSEWHERE, "name": "Harbor Mentors", "type": "nonprofit"}}
FUTURE, LAPSED = date(2027, 6, 30), date(2026, 8, 1)


@dataclass(frozen=True)
class Voice:
    """Somebody with a key. `party` and `vouched` if a document introduces them as a signer, at the start."""

    name: str
    party: str | None = None
    vouched: tuple[str, ...] = ()
    valid_to: date = FUTURE


PEOPLE: Final = {
    "olivia": Voice("Olivia Okafor"),
    "piotr": Voice("Piotr Nowak"),
    "quinn": Voice("Quinn Third"),
    "dana": Voice("Dana Signer", DISTRICT, ("piotr",)),
    "dora": Voice("Dora Deputy", DISTRICT, ("olivia",)),
    "rae": Voice("Rae Signer", PARTNER, ("piotr",)),
    "rolf": Voice("Rolf Deputy", PARTNER, ("olivia", "piotr")),
    "lapsed": Voice("Lars Lapsed", PARTNER, ("olivia", "piotr"), LAPSED),
    "other": Voice("Hal Harbor", ELSEWHERE, ("olivia", "piotr")),
    # Dana once more, under another spelling and another key, for the partner: no introduction of this kind holds.
    "dana for the partner": Voice("DANA  signer", PARTNER, ("olivia", "piotr")),
    "stranger": Voice("Nobody Known"),
}
PINNED: Final = ("olivia", "piotr")
OFFICERS: Final = (*PINNED, "quinn")
SIGNERS: Final = tuple(name for name, who in PEOPLE.items() if who.party is not None)
IMPOSTOR: Final = "dana for the partner"
KEYS: Final = {name: key_for(f"lifecycle {name}") for name in PEOPLE}
NAMES: Final = {key.thumbprint: name for name, key in KEYS.items()}
TRUST: Final = pin_trust(
    "pactgate.test/lifecycle",
    tuple(Officer(PEOPLE[name].name, KEYS[name].public) for name in PINNED),
    "pactgate.test/lifecycle+00000000+AQ==",
)
MOST: Final = 4
"""Versions, and signatures under one: enough for an amendment of an amendment, and for a deputy of each party."""
Book = dict[str, int]


@cache
def signature(kind: Kind, payload: bytes, who: str) -> AnySignature:
    return add_signature(None, kind, payload, KEYS[who]).signatures[0]


def signed(kind: Kind, payload: bytes, *people: str) -> Envelope:
    """The payload with a signature of each, twice if named twice; in the order in which envelopes are read."""
    return Envelope(kind, payload, tuple(signature(kind, payload, who) for who in people))


@cache
def agreement(drafter: str, version: int, replaces: str | None, parties: bool) -> Agreement:
    changes: dict[str, Any] = {"/version": version, "/people/drafted_by": KEYS[drafter].thumbprint}
    changes |= {} if replaces is None else {"/replaces": replaces, "/annexes": "carried_over"}
    changes |= {} if parties else OTHER_PARTIES
    return parse_agreement(canonical_bytes(changed(example(SPS_A), changes)), load_catalogue())


@cache
def authority_of(papers: tuple[Filed, ...]) -> Authority:
    if not papers:
        return build_authority(TRUST, ())
    before = authority_of(papers[:-1])
    try:
        return before.admit(papers[-1])
    except AgreementError as error:
        return before.without(papers[-1], error)


_JUDGED: dict[object, VerifiedAgreement | str] = {}
"""A verification depends on nothing but what it is given, so it is kept, as the gateway keeps it."""


@dataclass
class Version:
    """One draft and what became of it. `entry` is the entry that received it, None while it is a draft."""

    agreement: Agreement
    drafter: str
    signers: list[str] = field(default_factory=list)
    approvals: list[tuple[str, bool]] = field(default_factory=list)
    entry: int | None = None
    received: list[tuple[str, bool, Filed]] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    undoings: list[tuple[str, int, Filed]] = field(default_factory=list)

    @property
    def envelope(self) -> Envelope:
        return signed(Kind.AGREEMENT, self.agreement.canonical, *self.signers)


class Life(RuleBasedStateMachine):
    """One line of agreements, the officers of a district, and its log."""

    seen: ClassVar[Counter[str]] = Counter()
    """What the machine came to, so that it does not prove something about nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.entry = 0
        self.papers: tuple[Filed, ...] = ()
        self.authority = authority_of(())
        self.taken_in: list[tuple[int, tuple[str, ...]]] = []
        self.ends: Book = {}
        self.introduced: Book = {}
        self.versions: list[Version] = []
        self.over: set[int] = set()

    # The log, and what is judged by it.

    def received(self, envelope: Envelope) -> Filed:
        self.entry += 1
        return Filed(envelope, Received(self.entry, RECEIVED))

    def file(self, envelope: Envelope) -> None:
        """File an authority document: who may sign is judged as it grows, as `build_authority` does."""
        self.papers = (*self.papers, self.received(envelope))
        self.authority = authority_of(self.papers)

    def judged(self, version: Version, authority: Authority) -> VerifiedAgreement | str:
        """The agreement as verified, or why it is not."""
        assert version.entry is not None
        filed = Filed(version.envelope, Received(version.entry, RECEIVED))
        approvals = [each for _, _, each in version.received]
        replaced = next((old for old in self.versions if old.agreement.digest == version.agreement.replaces), None)
        before = self.judged(replaced, authority) if replaced is not None and replaced.entry is not None else None
        old = before if isinstance(before, VerifiedAgreement) else None
        about = [(each.received.index, each.envelope.text) for each in (filed, *approvals)]
        key = (authority.digest, old is None, *about)
        if key not in _JUDGED:
            try:
                _JUDGED[key] = verify_agreement(
                    filed, approvals, authority=authority, catalogue=load_catalogue(), replaced=old
                )
            except AgreementError as error:
                _JUDGED[key] = error.code
        return _JUDGED[key]

    def stands(self, version: Version, authority: Authority) -> Standing:
        undoings = []
        for _, _, filed in version.undoings:
            try:
                undoings.append(verify_reinstatement(filed, authority=authority))
            except AgreementError:
                continue
        return standing(version.agreement.digest, version.moves, undoings)

    def in_force(self) -> set[str]:
        authority = self.authority
        return {
            each.agreement.digest
            for each in self.versions
            if each.entry is not None
            and isinstance(self.judged(each, authority), VerifiedAgreement)
            and self.stands(each, authority) is Standing.ACTIVE
        }

    # The book: the same questions, answered from what the machine remembers having done.

    def in_office(self, who: str, entry: int) -> bool:
        if entry >= self.ends.get(who, entry + 1):
            return False
        return who in PINNED or (
            who == "quinn" and any(at < entry and self.two_voices(voices, at) for at, voices in self.taken_in)
        )

    def signs_for(self, who: str, entry: int) -> str | None:
        known, at = PEOPLE[who], self.introduced.get(who, entry)
        if who == IMPOSTOR or known.valid_to < RECEIVED.date() or at >= entry or entry >= self.ends.get(who, entry + 1):
            return None
        return known.party if all(self.in_office(each, at) for each in known.vouched) else None

    def two_voices(self, people: tuple[str, ...], entry: int) -> bool:
        officers = {who for who in people if self.in_office(who, entry)}
        others = {who for who in people if self.signs_for(who, entry) == DISTRICT}
        if not people or {*people} - officers - others:
            return False
        return len(officers) > 1 or bool(officers and any({*PEOPLE[who].vouched} - officers for who in others))

    def promised(self, version: Version) -> bool:
        """Whether both parties signed and a second officer approved, by the book."""
        assert version.entry is not None
        parties: dict[str, set[str]] = {}
        for who in version.signers:
            party = self.signs_for(who, version.entry)
            if party is None:
                return False
            parties.setdefault(party, set()).add(who)
        if set(parties) != {DISTRICT, version.agreement.partner.id}:
            return False
        return any(
            whole
            and self.in_office(officer, filed.received.index)
            and officer not in (version.drafter, *version.signers)
            and all(
                {voucher for who in people for voucher in PEOPLE[who].vouched} - {officer}
                for people in parties.values()
            )
            for officer, whole, filed in version.received
        )

    def founded(self, version: Version) -> bool:
        """Whether it is promised and so is, all the way down, what it replaces: between the same parties."""
        if version.entry is None or not self.promised(version):
            return False
        if version.agreement.replaces is None:
            return True
        old = next(each for each in self.versions if each.agreement.digest == version.agreement.replaces)
        return self.founded(old) and old.agreement.partner == version.agreement.partner

    # Moves. Whoever calls them, and whatever stands, they are made; what they are worth is for the verification.

    @initialize(promised=st.booleans())
    def begin(self, promised: bool) -> None:
        for who in SIGNERS:
            known = PEOPLE[who]
            role = f"{(known.party or '').partition(':')[0]}_signer"
            document = Signer(
                known.party or "", role, known.name, KEYS[who].public, date(2026, 7, 1), known.valid_to, LIMITS
            )
            self.file(signed(Kind.SIGNER, signer_bytes(document), *known.vouched))
            self.introduced[who] = self.entry
        self.versions.append(Version(agreement("piotr", 1, None, parties=True), "piotr"))
        if promised:
            self.sign_and_approve_and_activate(("dana", "rae"), "olivia")

    @precondition(lambda self: len(self.versions) < MOST)
    @rule(
        drafter=st.sampled_from(OFFICERS), parties=st.sampled_from([True, True, True, False]), which=st.integers(0, 2)
    )
    def amend(self, drafter: str, parties: bool, which: int) -> None:
        old = self.versions[which % len(self.versions)].agreement
        new = agreement(drafter, old.version + 1, old.digest, parties)
        if new.digest not in {each.agreement.digest for each in self.versions}:
            self.versions.append(Version(new, drafter))

    @precondition(lambda self: self.versions[-1].entry is None or len(self.versions) < MOST)
    @rule(
        people=st.sampled_from([("dana", "rae"), ("dana", "rolf"), ("dora", "rolf"), ("dana", IMPOSTOR)]),
        officer=st.sampled_from(OFFICERS),
        drafter=st.sampled_from(OFFICERS),
    )
    def sign_and_approve_and_activate(self, people: tuple[str, str], officer: str, drafter: str = "piotr") -> None:
        newest = len(self.versions) - 1
        if self.versions[newest].entry is not None:
            newest += 1
            self.amend(drafter, parties=True, which=newest - 1)
        for who in people:
            self.sign(newest, who)
        self.approve(newest, officer, whole=True)
        self.activate(newest)

    @rule(which=st.integers(0, 3), who=st.sampled_from([*SIGNERS, *SIGNERS, "stranger", "olivia"]))
    def sign(self, which: int, who: str) -> None:
        version = self.versions[which % len(self.versions)]
        if version.entry is None and len(version.signers) < MOST:
            version.signers.append(who)

    @rule(
        which=st.integers(0, 3),
        who=st.sampled_from(["olivia", "olivia", "piotr", "quinn", "dana", "stranger"]),
        whole=st.sampled_from([True, True, True, False]),
    )
    def approve(self, which: int, who: str, whole: bool) -> None:
        version = self.versions[which % len(self.versions)]
        if version.entry is None:
            version.approvals.append((who, whole))

    @rule(which=st.integers(0, 3))
    def activate(self, which: int) -> None:
        version = self.versions[which % len(self.versions)]
        before, first = self.in_force(), version.entry is None
        if first and version.signers:
            self.entry += 1
            version.entry = self.entry
            for who, whole in version.approvals:
                words = version.agreement.words_only if whole else version.agreement.words_only[1:]
                made = Approval(version.agreement.digest, "agreement", KEYS[who].thumbprint, words, ())
                version.received.append((who, whole, self.received(signed(Kind.APPROVAL, approval_bytes(made), who))))
        if version.entry is None:
            return
        # Even if it does not verify or may not be moved: the row of somebody who writes past the guards.
        self.move(version, Standing.ACTIVE)
        if not first:
            return
        if not isinstance(self.judged(version, self.authority), VerifiedAgreement):
            assert self.in_force() == before, "what was not signed and approved left everything as it was"
            self.seen["amendment refused"] += version.agreement.replaces in before
            return
        for old in self.versions:
            if old.agreement.digest == version.agreement.replaces and old.agreement.digest in before:
                require_allowed(Standing.ACTIVE, Act.REPLACE)
                self.move(old, Standing.REPLACED)
                self.seen["replaced"] += 1

    @rule(which=st.integers(0, 3), to=st.sampled_from([Standing.SUSPENDED, Standing.SUSPENDED, Standing.TERMINATED]))
    def stop(self, which: int, to: Standing) -> None:
        version = self.versions[which % len(self.versions)]
        if version.entry is not None:
            self.move(version, to)
            self.over |= {which % len(self.versions)} if to is Standing.TERMINATED else set()

    @rule(which=st.integers(0, 3), who=st.sampled_from(["olivia", "piotr", "quinn", "dana", "stranger"]))
    def reinstate(self, which: int, who: str) -> None:
        version = self.versions[which % len(self.versions)]
        stops = [move.index for move in version.moves if move.status not in {Standing.ACTIVE, Standing.REPLACED}]
        if stops:
            made = reinstatement_bytes(Reinstatement(version.agreement.digest, stops[-1], "Resolved."))
            version.undoings.append((who, stops[-1], self.received(signed(Kind.REINSTATEMENT, made, who))))

    @rule(voices=st.lists(st.sampled_from([*PINNED, *PINNED, "dana", "dora", "stranger"]), min_size=1, max_size=2))
    def take_in(self, voices: list[str]) -> None:
        made = OfficerIntroduction(PEOPLE["quinn"].name, KEYS["quinn"].public, date(2026, 7, 1), None, "For holidays.")
        self.file(signed(Kind.OFFICER, officer_bytes(made), *voices))
        # A key that was revoked does not come back.
        if "quinn" not in self.ends:
            self.taken_in.append((self.entry, tuple(voices)))

    @rule(
        who=st.sampled_from(["dana", "rae", "rolf", *OFFICERS]),
        by=st.lists(st.sampled_from([*OFFICERS, "dora", "rae", "stranger"]), min_size=1, max_size=2, unique=True),
        back=st.none() | st.integers(0, 12),
    )
    def revoke(self, who: str, by: list[str], back: int | None) -> None:
        entry = self.entry + 1
        since = None if back is None else max(0, entry - back)
        end = entry if since is None else since
        made = revocation_bytes(Revocation(KEYS[who].thumbprint, since, f"Lost, number {entry}."))
        if self.may_revoke(who, tuple(by), entry, end):
            self.ends[who] = min(end, self.ends.get(who, end))
            self.seen["revoked"] += 1
        self.file(signed(Kind.REVOCATION, made, *by))

    def may_revoke(self, who: str, by: tuple[str, ...], entry: int, end: int) -> bool:
        """Whether these people may end this key, by the book."""
        others = tuple(name for name in by if name != who)
        for name in by:
            speaks = self.in_office(name, entry) or self.signs_for(name, entry)
            if not speaks and not (name == who and entry < self.ends.get(who, entry + 1)):
                return False
        before = {name for name in OFFICERS if self.in_office(name, entry)}
        if who in OFFICERS:
            if who not in PINNED and not self.was_taken_in():
                return False
            if who not in by and not self.two_voices(others, entry):
                return False
        elif any(
            not self.in_office(name, entry) and self.signs_for(name, entry) != PEOPLE[who].party for name in others
        ):
            return False
        kept, self.ends = self.ends, {**self.ends, who: min(end, self.ends.get(who, end))}
        after = {name for name in OFFICERS if self.in_office(name, entry)}
        left = any(self.in_office(name, entry + 1) for name in OFFICERS)
        self.ends = kept
        return left and (not before - {who} - after or self.two_voices(others, entry))

    def was_taken_in(self) -> bool:
        return any(self.two_voices(voices, at) for at, voices in self.taken_in)

    def move(self, version: Version, to: Standing) -> None:
        self.entry += 1
        version.moves.append(Move(to.value, self.entry, "a move"))

    def teardown(self) -> None:
        assert self.authority == build_authority(TRUST, self.papers), "grown and built, it is the same"

    # What must hold after each of them.

    @invariant()
    def nothing_is_in_force_that_the_book_does_not_know_as_promised(self) -> None:
        force = self.in_force()
        for version in self.versions:
            if version.agreement.digest in force:
                assert self.founded(version)
                self.seen["in force"] += 1

    @invariant()
    def what_the_book_knows_as_promised_verifies(self) -> None:
        authority = self.authority
        for version in self.versions:
            if self.founded(version):
                assert isinstance(self.judged(version, authority), VerifiedAgreement), self.judged(version, authority)

    @invariant()
    def a_stop_lasts_until_an_officer_undoes_it(self) -> None:
        authority = self.authority
        for version in self.versions:
            undone = {stop for who, stop, filed in version.undoings if self.in_office(who, filed.received.index)}
            stops = {move.index for move in version.moves if move.status == Standing.SUSPENDED}
            if stops - undone:
                assert self.stands(version, authority) in {Standing.SUSPENDED, Standing.TERMINATED}
            self.seen["reinstated"] += bool(stops) and not stops - undone

    @invariant()
    def nothing_leads_back_from_a_termination(self) -> None:
        authority = self.authority
        for which in self.over:
            assert self.stands(self.versions[which], authority) is Standing.TERMINATED
            self.seen["terminated"] += 1


@pytest.mark.claim(1)
@pytest.mark.claim(12)
@pytest.mark.ferpa("S3")
@pytest.mark.ferpa("S4")
def test_nothing_comes_into_force_without_both_signatures_and_a_second_person_whatever_the_order_of_moves() -> None:
    Life.seen.clear()
    run_state_machine_as_test(
        Life, settings=settings(derandomize=True, deadline=None, max_examples=90, stateful_step_count=20, database=None)
    )
    assert {"in force", "amendment refused", "revoked", "terminated"} <= set(+Life.seen)


def test_the_machine_can_bring_into_force_replace_stop_and_end() -> None:
    life = Life()
    life.begin(promised=True)
    first = life.versions[0].agreement.digest
    assert life.in_force() == {first}
    life.amend("piotr", parties=True, which=0)
    life.sign(1, "dana")
    life.approve(1, "olivia", whole=True)
    life.activate(1)
    assert life.in_force() == {first}, "half signed"
    life.sign_and_approve_and_activate(("dana", "rae"), "olivia")
    assert life.in_force() == {first}, "it replaces what was never in force"
    life.take_in(["piotr", "dora"])
    life.amend("quinn", parties=True, which=0)
    life.sign_and_approve_and_activate(("dora", "rolf"), "piotr")
    (second,) = life.in_force()
    assert second == life.versions[3].agreement.digest
    life.revoke("rolf", ["quinn"], None)
    assert life.in_force() == {second}, "signed before"
    life.stop(3, Standing.SUSPENDED)
    life.reinstate(3, "dana")
    assert not life.in_force()
    life.reinstate(3, "quinn")
    assert life.in_force() == {second}
    life.revoke("rolf", ["quinn"], 99)
    assert not life.in_force()
    life.stop(3, Standing.TERMINATED)
    life.activate(3)
    life.nothing_leads_back_from_a_termination()


@pytest.mark.claim(12)
def test_an_officer_whom_one_voice_took_in_approves_nothing() -> None:
    for voices, counts in ((["piotr"], False), (["piotr", "dana"], False), (["piotr", "olivia"], True)):
        life = Life()
        life.begin(promised=False)
        life.take_in(voices)
        life.sign_and_approve_and_activate(("dana", "rae"), "quinn")
        life.nothing_is_in_force_that_the_book_does_not_know_as_promised()
        assert bool(life.in_force()) is counts


@pytest.mark.claim(12)
@pytest.mark.parametrize(
    ("drafter", "people", "officer"),
    [
        ("olivia", ("dana", "rae"), "olivia"),
        ("piotr", ("dana", "rae"), "piotr"),
        ("olivia", ("dana", "rae"), "piotr"),
        ("piotr", ("dana", IMPOSTOR), "olivia"),
        ("piotr", ("dana", "dana"), "olivia"),
        ("piotr", ("dana", "lapsed"), "olivia"),
        ("piotr", ("dana", "other"), "olivia"),
        ("piotr", ("dana", "stranger"), "olivia"),
        ("piotr", ("olivia", "rae"), "olivia"),
        ("piotr", ("dana", "rae"), "dana"),
    ],
)
def test_an_amendment_by_fewer_people_than_it_takes_leaves_the_old_version_in_force(
    drafter: str, people: tuple[str, str], officer: str
) -> None:
    life = Life()
    life.begin(promised=True)
    before = life.in_force()
    life.sign_and_approve_and_activate(people, officer, drafter)
    assert life.in_force() == before
    assert len(before) == 1


def test_an_amendment_between_other_parties_leaves_the_old_version_in_force() -> None:
    life = Life()
    life.begin(promised=True)
    before = life.in_force()
    life.amend("piotr", parties=False, which=0)
    life.sign_and_approve_and_activate(("dana", "other"), "olivia")
    life.nothing_is_in_force_that_the_book_does_not_know_as_promised()
    assert life.in_force() == before


@pytest.mark.parametrize("act", [act for act in Act if act is not Act.CLOSE])
def test_no_act_but_closing_is_allowed_once_an_agreement_is_terminated(act: Act) -> None:
    for over in (Standing.TERMINATED, Standing.CLOSED):
        with pytest.raises(MoveNotAllowed):
            require_allowed(over, act)
