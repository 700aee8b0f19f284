"""Before an accounting is handed out: what it may betray is acknowledged, and what the law withholds is not there."""

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pytest

from agreements.documents.family import Asked, Capacity, Step
from agreements.documents.outside_disclosure import OutsideDisclosure, outside_disclosure_bytes
from agreements.documents.parental_rights import Act, Ground, ParentalRights, parental_rights_bytes
from agreements.documents.telling_partners import Tells, telling_partners_bytes
from agreements.documents.withholding import Reason, Withholding, withholding_bytes
from agreements.errors import NotEntitled, SignatureMissing
from agreements.keys import SigningKey
from agreements.signature import Envelope, Kind, add_signature
from gateway.records.errors import UnknownStudent
from gateway.records.signed import SignerName
from gateway.services.accounting.accountings import Accountings
from gateway.services.accounting.by_hand import OutsideDisclosures
from gateway.services.accounting.cautions import Warn
from gateway.services.accounting.copies import Copies
from gateway.services.accounting.lines import Accounting
from gateway.services.accounting.paper import paper
from gateway.services.accounting.plain import plain
from gateway.services.accounting.withholdings import Withholdings
from gateway.services.alarms import alarm
from gateway.services.analysis.past import Law
from gateway.services.emergencies.papers import Students
from gateway.services.errors import NotAcknowledged, RequestRefused, UnknownRequest, WithholdingRefused
from gateway.services.restrictions import Restrictions, Whom
from tests.factories.agreements import key_for
from tests.factories.cohort import DAY, FOLLOW_UP, MENTORING, STUDENTS, TUTORING
from tests.factories.family import FamilyDesk
from tests.factories.gateway import NOON, Gateway
from tests.factories.partners import OUTSIDE
from tests.factories.superuser import alarms

ONE, OTHER, GROWN = STUDENTS["fio"].number, STUDENTS["ximena"].number, STUDENTS["dagny"].number
PLAIN = replace(OUTSIDE, party="Cedar Print Shop", party_kind="a company", basis="school_official", disclosed_on=DAY)
ALL = tuple(Warn)


class Desk:
    """One student's accounting, as officers read it, and the papers they sign about it."""

    def __init__(self, family: FamilyDesk) -> None:
        self.family = family
        key = family.gateway.deployment.keys.subject
        self.accountings = Accountings(family.desk, key)
        self.withholdings = Withholdings(family.desk, key)
        self.by_hand = OutsideDisclosures(family.desk, key)

    async def read(self, *acknowledged: Warn, number: str = ONE, request: int | None = None) -> Accounting:
        return await self.accountings.read(number, "json", request=request, acknowledged=acknowledged)

    async def cautioned(self, **about: Any) -> set[str]:
        """The codes for which an accounting is not handed out."""
        try:
            await self.read(**about)
        except NotAcknowledged as refused:
            return {line.partition(":")[0] for line in str(refused).splitlines()[1:]}
        return set()

    async def record(self, *numbers: str, said: OutsideDisclosure = PLAIN, **changes: Any) -> int:
        students = Students(numbers or (ONE,))
        disclosure = replace(said, count=len(students.each), commitment=students.commitment, **changes)
        document = self.family.signed(Kind.OUTSIDE_DISCLOSURE, outside_disclosure_bytes(disclosure))
        return await self.by_hand.record(document, students)

    async def document(self, *lines: str, keys: tuple[SigningKey, ...] = (), **changes: Any) -> Envelope:
        evidence = "sha256:" + "e" * 64
        made = Withholding(
            await self.withholdings.link_of(ONE),
            lines,
            Reason.COURT_ORDER,
            DAY + dt.timedelta(days=30),
            evidence=evidence,
        )
        officers = keys or (self.family.officer(0), self.family.officer(1))
        return self.family.signed(Kind.WITHHOLDING, withholding_bytes(replace(made, **changes)), *officers)

    async def withhold(self, *lines: str, **changes: Any) -> int:
        return await self.withholdings.withhold(await self.document(*lines, **changes))


@pytest.fixture
async def desk(gateway: Gateway) -> Desk:
    for agreement in (TUTORING, MENTORING, FOLLOW_UP):
        await gateway.get(agreement, "/v1/students?fields=first_name")
    return Desk(await FamilyDesk.at(gateway))


def recipients(found: Accounting) -> set[str]:
    return {name for line in found.lines for name in line.about.recipients}


def told(found: Accounting) -> str:
    """All that an accounting says to anybody, as text."""
    return json.dumps(plain(found), default=str) + str(recipients(found))


@pytest.mark.ferpa("N4")
async def test_what_an_accounting_may_betray_is_acknowledged_code_by_code_and_on_record(desk: Desk) -> None:
    gateway = desk.family.gateway
    assert await desk.cautioned() == set()
    # (1): a partner whom officers listed, and words of a name; nobody but an officer keeps the list.
    partner = gateway.deployment.agreements[MENTORING].agreement.partner.id
    listed = telling_partners_bytes({partner: Tells.SHELTER}, -1)
    with pytest.raises(NotEntitled):
        await desk.withholdings.keep_telling(desk.family.signed(Kind.TELLING_PARTNERS, listed, key_for("mallory")))
    entry = await desk.withholdings.keep_telling(desk.family.signed(Kind.TELLING_PARTNERS, listed))
    assert await desk.withholdings.telling() == ({partner: Tells.SHELTER}, entry)
    with pytest.raises(WithholdingRefused, match="meanwhile"):
        await desk.withholdings.keep_telling(desk.family.signed(Kind.TELLING_PARTNERS, telling_partners_bytes({}, -1)))
    assert await desk.cautioned() == {"partner_tells"}
    assert await desk.cautioned(number=OTHER) == set()
    await desk.record(OTHER, party="Cedar Night Shelter")
    assert await desk.cautioned(number=OTHER) == {"partner_tells"}
    # (2): what was shared, and on what ground.
    await desk.record(elements=("000149", "000509"))
    await desk.record(basis="usc_1232g_b_1_L")
    await desk.record(basis="juvenile_justice")
    await desk.record(basis="health_safety_emergency", threat="A flood.")
    told_of = {
        *("partner_tells", "tells_homelessness", "tells_discipline"),
        *("tells_foster_care", "tells_justice", "tells_threat"),
    }
    assert await desk.cautioned() == told_of
    # (3): one that was seen does not stand for the others; and then it is given, and on record.
    with pytest.raises(NotAcknowledged, match="tells_threat"):
        await desk.read(*(each for each in Warn if each is not Warn.TELLS_THREAT))
    found = await desk.read(*(Warn(each) for each in told_of))
    said = (await gateway.entries(found.entry))[0]
    assert (said["acknowledged"], "answers" in said) == (sorted(told_of), False)
    assert len(found.lines) == 7


@pytest.mark.ferpa("N4")
@pytest.mark.ferpa("C5")
async def test_who_asks_is_looked_at_before_the_accounting_is_handed_out(desk: Desk) -> None:
    family = desk.family
    with pytest.raises(UnknownRequest):
        await desk.read(request=0)
    parent = await family.ask(Asked.ACCOUNTING, ONE)
    with pytest.raises(RequestRefused, match="another student"):
        await desk.read(number=OTHER, request=parent)
    assert await desk.cautioned(request=parent) == set()
    restricted = await family.ask(Asked.ACCOUNTING, ONE, restricted=True, capacity=Capacity.REPRESENTATIVE)
    assert await desk.cautioned(request=restricted) == {"rights_restricted", "acts_for_another"}
    # What a court revoked is looked up, whoever asks and whatever they say.
    whom = Whom(ONE, SignerName("Somebody Else"))
    revoked = ParentalRights(Act.REVOKED, Ground.COURT_ORDER, NOON.date(), f"sha256:{'5' * 64}", whom.commitment)
    document = add_signature(
        None, Kind.PARENTAL_RIGHTS, parental_rights_bytes(revoked), family.gateway.deployment.ring.officers[0].key
    )
    await Restrictions((await family.gateway.office()).desk).file(document, whom)
    assert await desk.cautioned(request=parent) == {"rights_restricted"}
    # A student who has turned 18 asks for themselves (34 CFR 99.5).
    grown = await family.ask(Asked.ACCOUNTING, GROWN)
    own = await family.ask(Asked.ACCOUNTING, GROWN, capacity=Capacity.ELIGIBLE_STUDENT)
    assert await desk.cautioned(number=GROWN, request=grown) == set()
    await family.gateway.at(NOON + dt.timedelta(days=1))
    assert await desk.cautioned(number=GROWN, request=grown) == {"rights_moved"}
    found = await desk.read(number=GROWN, request=own)
    assert (await family.gateway.entries(found.entry))[0]["answers"] == own
    await family.step(own, Step.ANSWERED, outcome="handed_over", by_entry=found.entry)
    with pytest.raises(RequestRefused, match="has ended"):
        await desk.read(number=GROWN, request=own)


@pytest.mark.ferpa("N4")
@pytest.mark.claim(12)
async def test_a_line_is_withheld_by_two_officers_until_a_day_and_then_it_is_back(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    gateway = desk.family.gateway
    line, whole = gateway.line(MENTORING), await desk.read()
    caplog.clear()
    size = await gateway.size()
    # (1): one officer alone, a line or a student that is none, a withholding that replaces nothing.
    with pytest.raises(SignatureMissing):
        await desk.withhold(line, keys=(desk.family.officer(0),))
    with pytest.raises(WithholdingRefused, match="agreement:nowhere, entry:7"):
        await desk.withhold("entry:7", "agreement:nowhere")
    with pytest.raises(UnknownStudent):
        await desk.withhold(line, student=b"x" * 16)
    with pytest.raises(WithholdingRefused, match="withholds nothing"):
        await desk.withhold(line, replaces=3)
    assert await gateway.size() == size
    # (2): a court's order: the line is gone, of the accounting and of the copy, and the family may know.
    document = await desk.document(line)
    entry = await desk.withholdings.withhold(document)
    with pytest.raises(WithholdingRefused, match="on file"):
        await desk.withholdings.withhold(document)
    found = await desk.read()
    gone = recipients(whole) - recipients(found)
    assert gone == {gateway.deployment.agreements[MENTORING].agreement.partner.name}
    assert found.withheld
    assert b"%PDF" in paper(found)
    law = Law(desk.family.desk.catalogue, gateway.services.disclosures._grants.guardrails)
    copies = Copies(desk.family.desk, law, alarm, gateway.deployment.keys.subject)
    assert len((await copies.copy(ONE)).copied) == len(found.lines)
    # Nobody else's accounting is without it, and no entry says of whom, of what or why.
    assert not (await desk.read(number=STUDENTS["calixte"].number)).withheld
    written = (await gateway.entries(entry))[0]
    assert set(written) == {"event", "document", "officers", "until", "listed"}
    # (3): it ends by itself.
    (listed,) = await desk.withholdings.listed()
    assert (listed.entry, listed.lines, listed.lasts, len(listed.officers)) == (entry, (line,), True, 2)
    await gateway.at(dt.datetime.combine(listed.until, dt.time(23, 59), dt.UTC) + dt.timedelta(hours=12))
    assert (await desk.read()).withheld
    await gateway.at(dt.datetime.combine(listed.until, dt.time(), dt.UTC) + dt.timedelta(days=1, hours=12))
    again = await desk.read()
    assert (recipients(again), again.withheld) == (recipients(whole), False)
    # (4): or is replaced by two officers, for a shorter time; a later list does not bring it back.
    await gateway.at(NOON)
    await desk.withhold(line, replaces=entry, until=DAY)
    assert [each.until for each in await desk.withholdings.listed()] == [DAY]
    # What officers signed about families is missed by nobody: it stands beside the register.
    assert alarms(caplog) == set()


@pytest.mark.ferpa("N4")
async def test_of_what_a_court_forbids_to_tell_nothing_is_left_and_of_a_right_nothing_is_withheld_for_safety(
    desk: Desk,
) -> None:
    gateway = desk.family.gateway
    never = await desk.read()
    # (1): safety withholds what no law asks to be recorded (34 CFR 99.32(d)), and nothing else.
    required = await desk.record(party="A University", basis="studies")
    listed = await desk.record(party="Cedar Tutors")
    await desk.withhold(f"entry:{required}", f"entry:{listed}", reason=Reason.SAFETY, evidence=None)
    found = await desk.read()
    assert recipients(found) == recipients(never) | {"A University (a company)"}
    assert found.withheld
    # (2): of a subpoena that a court keeps secret nothing is told: no line, no count, no correction, no question.
    secret = await desk.record(party="United States Attorney", party_kind="a prosecutor", basis="studies")
    await desk.withhold(f"entry:{secret}", reason=Reason.GRAND_JURY_SUBPOENA)
    await desk.record(party="A Grand Jury", basis="studies", corrects=secret, why_corrected="The name.")
    after = await desk.read()
    words = told(after)
    assert "Attorney" not in words
    assert "Grand Jury" not in words
    assert (after.lines, after.corrected, after.withheld) == (found.lines, found.corrected, True)
    assert set(dict(after.looks)) == {"accounting.read"}
    # (3): a student of whom nothing but that was shared has the accounting of one of whom nothing was.
    quiet = STUDENTS["off_roster"].number
    alone = await desk.record(quiet, party="United States Attorney", party_kind="a prosecutor", basis="studies")
    link = await desk.withholdings.link_of(quiet)
    await desk.withhold(f"entry:{alone}", reason=Reason.TERRORISM_ORDER, student=link)
    empty = await desk.read(number=quiet)
    assert (empty.lines, empty.corrected, empty.withheld, empty.unread) == ((), (), False, ())
    # (4): what cites a document that does not verify now could be any line: it is not shown either.
    admin = await gateway.database.connection("admin")
    await admin.execute("ALTER TABLE gateway.outside_disclosure DISABLE TRIGGER ALL")
    await admin.execute("DELETE FROM gateway.outside_disclosure WHERE idx = $1", alone)
    assert (await desk.read(number=quiet)).unread == ()
