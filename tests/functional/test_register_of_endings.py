"""
The public register over HTTP as agreements end, are replaced and narrowed, and as something comes to be owed.

Row A10. The day is 10 March 2027; the agreements of the deployment run to 30 June 2027.
"""

import datetime as dt
import json
from typing import Any

import pytest

from agreements.documents.destruction import Certificate, certificate_bytes
from agreements.documents.hold import Hold, Release, hold_bytes, release_bytes
from agreements.lifecycle import Standing
from agreements.signature import Kind
from gateway.services.family.inspections import OpenInspections
from gateway.services.obligations.owed import Obligations
from gateway.services.publishing.public_register import PublicAgreement
from tests.factories.agreements import SPS_B, SignedAgreement, example
from tests.factories.cohort import DAY, FOLLOW_UP, MENTORING, TUTORING
from tests.factories.gateway import BRIGHT_PATH, NOON, Gateway
from tests.factories.public_register import Minutes, Page, board

pytestmark = pytest.mark.ferpa("A10")
REASON = "The partner lost a laptop."


async def read(gateway: Gateway) -> dict[str, PublicAgreement]:
    """Read the register anew, whatever was read within the minute."""
    issue = await board(gateway, Minutes()).read()
    return {each.digest: each for each in issue.register.agreements}


async def served(gateway: Gateway) -> dict[str, Any]:
    """Read the register as JSON from a gateway that has just been started."""
    await gateway.serve()
    listed = (await gateway.http.get("/register.json")).json()["agreements"]
    return {each["digest"]: each for each in listed}


async def page(gateway: Gateway, digest: str) -> Page:
    answer = await gateway.http.get(f"/register/{digest}")
    assert answer.status_code == 200
    assert REASON not in answer.text
    return Page(answer.content)


def linked(found: Page) -> set[str]:
    """The agreements that a page leads to."""
    return {link.attributes["href"] or "" for link in found.all("main")[0].within("a")}


async def activated(gateway: Gateway, bundle: SignedAgreement) -> str:
    office = await gateway.office()
    return (await office.onboarding.activate(bundle.envelope, [bundle.approval])).agreement


async def stopped(gateway: Gateway, digest: str, standing: Standing = Standing.TERMINATED) -> None:
    await (await gateway.office()).suspensions.stop_agreement(digest, standing, REASON)


def amendment(gateway: Gateway, first_day: str) -> SignedAgreement:
    """The second version of the mentoring agreement, from this day on."""
    old = gateway.deployment.agreements[MENTORING].agreement
    content: dict[str, Any] = json.loads(json.dumps(old.content))
    content |= {"version": 2, "replaces": old.digest, "annexes": "carried_over", "title": "Mentoring, amended"}
    content["term"]["first_day"] = first_day
    return gateway.deployment.ring.agreement(content=content)


# -------------------------------------------------------------------------------------------- terminated, replaced


async def test_a_terminated_agreement_stays_and_is_marked_in_every_form(gateway: Gateway) -> None:
    digest = gateway.digest(TUTORING)
    await stopped(gateway, digest)
    found = await served(gateway)
    assert len(found) == 3
    assert found[digest]["standing"] == {"code": "terminated", "words": "Terminated"}
    words = (await page(gateway, digest)).all("main")[0].words
    assert "Terminated It was ended for good. No data is shared." in words
    assert "Terminated" in Page((await gateway.http.get("/register")).content).all("tbody")[0].words
    assert "Terminated" in (await gateway.http.get("/register.csv")).text
    for path in ("/register", "/register.csv", "/register.json"):
        assert REASON not in (await gateway.http.get(path)).text


async def test_a_replaced_agreement_stays_is_marked_from_the_day_on_and_names_what_took_over(gateway: Gateway) -> None:
    old, new = gateway.digest(MENTORING), await activated(gateway, amendment(gateway, "2027-03-17"))
    before = await read(gateway)
    assert (before[old].standing, before[new].standing) == ("in_force", "not_yet")
    await gateway.at(dt.datetime(2027, 3, 17, 7, tzinfo=dt.UTC))
    found = await served(gateway)
    assert (found[old]["standing"]["code"], found[new]["standing"]["code"]) == ("replaced", "in_force")
    assert (found[old]["replaced_by"], found[new]["replaces"]) == (new, old)
    first, second = await page(gateway, old), await page(gateway, new)
    assert "Replaced A later version took its place. No data is shared under this one." in first.root.words
    assert "Replaced by Mentoring, amended , version 2" in first.root.words
    assert linked(first) == {f"./{new}"}
    assert linked(second) == {f"./{old}"}


async def test_an_amendment_from_a_day_that_has_passed_hides_no_use_of_what_it_replaced(gateway: Gateway) -> None:
    await gateway.ask(MENTORING)
    old, new = gateway.digest(MENTORING), await activated(gateway, amendment(gateway, "2026-09-01"))
    await gateway.at(dt.datetime(2027, 4, 11, 8, tzinfo=dt.UTC))
    found = await served(gateway)
    assert found[old]["standing"]["code"] == "replaced"
    assert found[old]["months"][0] == {"month": "2027-03", "disclosures": "1-9"}
    assert found[new]["months"] == [{"month": "2027-03", "disclosures": "none"}]


# --------------------------------------------------------------------------------------------- masters and children


async def narrowed(gateway: Gateway) -> tuple[str, str]:
    """Activate a framework and one agreement that narrows it."""
    ring = gateway.deployment.ring
    changes = {"/framework": True, "/id": "agreement:framework", "/title": "The framework"}
    master = ring.agreement(SPS_B, changes=changes)
    await activated(gateway, master)
    content = example(SPS_B)
    content |= {"id": "agreement:child", "title": "Project authorization", "master": master.digest}
    return master.digest, await activated(gateway, ring.agreement(content=content))


@pytest.mark.ferpa("A8")
async def test_a_child_names_its_master_and_a_framework_says_that_it_grants_nothing_by_itself(gateway: Gateway) -> None:
    master, child = await narrowed(gateway)
    found = await served(gateway)
    assert (found[master]["framework"], found[master]["children"], found[master]["master"]) == (True, [child], None)
    assert (found[child]["framework"], found[child]["children"], found[child]["master"]) == (False, [], master)
    above, below = await page(gateway, master), await page(gateway, child)
    assert "In force It is a framework and grants nothing by itself" in above.root.words
    assert "The partner may ask" not in above.root.words
    assert "In force The partner may ask for the data listed here." in below.root.words
    assert "Narrowed by Project authorization , version 1" in above.root.words
    assert "Narrows the master agreement The framework , version 1" in below.root.words
    assert (linked(above), linked(below)) == ({f"./{child}"}, {f"./{master}"})


@pytest.mark.ferpa("A8")
async def test_what_stops_a_master_is_shown_of_its_child_and_both_stay(gateway: Gateway) -> None:
    master, child = await narrowed(gateway)
    await stopped(gateway, master, Standing.SUSPENDED)
    found = await read(gateway)
    assert (found[master].standing, found[child].standing) == ("suspended", "suspended")
    await stopped(gateway, master)
    after = await served(gateway)
    assert len(after) == 5
    assert (after[master]["standing"]["code"], after[child]["standing"]["code"]) == ("terminated", "over")
    assert "Over Its last day has passed, or the agreement that it narrows has ended." in (
        (await page(gateway, child)).root.words
    )


# ------------------------------------------------------------------------------------------------------------ duties


@pytest.mark.ferpa("X3")
async def test_a_review_that_nobody_made_within_a_year_is_shown_as_overdue(gateway: Gateway) -> None:
    changes = {"/id": "agreement:longer", "/term/last_day": "2028-08-31"}
    digest = await activated(gateway, gateway.deployment.ring.agreement(changes=changes))
    assert (await read(gateway))[digest].duties.review == "not_due"
    for moment, expected in (
        (dt.datetime(2028, 3, 11, 7, 59, tzinfo=dt.UTC), "due"),  # a minute of 10 March is left
        (dt.datetime(2028, 3, 11, 8, 0, tzinfo=dt.UTC), "overdue"),
    ):
        await gateway.at(moment)
        assert (await read(gateway))[digest].duties.review == expected
    found = await served(gateway)
    assert found[digest]["review"] == {"code": "overdue", "words": "Overdue"}
    # What ended before its year was over owes no review.
    assert found[gateway.digest(MENTORING)]["review"]["code"] == "not_due"
    assert "Yearly review Overdue" in (await page(gateway, digest)).root.words


@pytest.mark.ferpa("X1")
@pytest.mark.ferpa("X3")
async def test_destruction_is_shown_as_due_where_something_was_disclosed_and_nowhere_else(gateway: Gateway) -> None:
    ring, opened = gateway.deployment.ring, (await gateway.office()).desk
    work = Obligations(opened, OpenInspections(opened.catalogue, gateway.deployment.keys.subject))
    await gateway.ask(TUTORING)
    used, unused = gateway.digest(TUTORING), gateway.digest(FOLLOW_UP)
    assert (await read(gateway))[used].duties.destruction == "not_due"
    await stopped(gateway, used)
    await stopped(gateway, unused)

    async def shown() -> tuple[str | None, str | None]:
        found = await read(gateway)
        return found[used].duties.destruction, found[unused].duties.destruction

    assert await shown() == ("due", "not_due")
    await gateway.at(NOON + dt.timedelta(days=31))
    assert await shown() == ("overdue", "not_due")
    found = await served(gateway)
    assert found[used]["destruction"] == {"code": "overdue", "words": "Overdue"}
    assert "Destruction of the data Overdue" in (await page(gateway, used)).root.words

    officer = ring.officers[0].key
    hold = ring.sign(Kind.HOLD, hold_bytes(Hold(used, "inspection", DAY, "A request is open.")), officer)
    await work.place_hold(hold)
    assert await shown() == ("held", "not_due")
    release = release_bytes(Release(hold.digest, "It was answered."))
    await work.release_hold(ring.sign(Kind.RELEASE, release, officer))
    figures = await work.figures(used, "whole")
    certificate = Certificate(
        agreement=used,
        covers="whole",
        disclosures=figures.disclosures,
        what="Every copy.",
        method="purge",
        how="Cryptographic erase.",
        destroyed_on=DAY,
        who="Rae Responsible",
        witness="Wim Witness",
    )
    signer = ring.signer(f"partner:{BRIGHT_PATH}").key
    await work.certify(ring.sign(Kind.CERTIFICATE, certificate_bytes(certificate), signer))
    assert await shown() == ("certified", "not_due")
    after = await served(gateway)
    assert (after[used]["standing"]["code"], after[unused]["standing"]["code"]) == ("closed", "terminated")
    # Who destroyed it, and who saw it, stands in the certificate and not here.
    for path in ("/register.json", "/register.csv", f"/register/{used}"):
        said = (await gateway.http.get(path)).text
        assert "Rae Responsible" not in said
        assert "Wim Witness" not in said
