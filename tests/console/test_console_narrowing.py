"""What ends at once on the pages: an agreement before its term, and what a parent signed whose rights are revoked."""

import re

import pytest
from markupsafe import escape

from agreements.canonical import canonical_bytes, read_canonical
from agreements.keys import SigningKey
from agreements.roles import Role
from agreements.signature import Kind, add_signature
from tests.factories.agreements import key_for
from tests.factories.cohort import FOLLOW_UP, MENTORING, STUDENTS, TUTORING
from tests.factories.console import Console
from tests.factories.gateway import names
from tests.factories.papers import signed_file
from tests.factories.records import SAID
from tests.factories.staff import Browser

pytestmark = [pytest.mark.claim(7), pytest.mark.asyncio(loop_scope="module")]
CALIXTE = STUDENTS["calixte"]
PARENT = SAID["signer"]
RIGHTS = "/console/students/rights"
SALT = re.compile(r'name="salt" value="([0-9a-f]{64})"')


async def test_an_agreement_ends_for_good_by_one_person_who_typed_its_number(shared: Console) -> None:
    officer, administrator = await shared.as_a(Role.OFFICER), await shared.as_a(Role.ADMINISTRATOR)
    auditor, start = await shared.as_a(Role.AUDITOR), await shared.gateway.size()
    digest, line = shared.gateway.digest(FOLLOW_UP), shared.gateway.line(FOLLOW_UP)
    page = f"/console/agreements/{digest}"
    form = {"csrf": await administrator.token(), "name": line, "reason": "Both ended it by letter."}
    for wrong in ({"name": f"{line}x"}, {"name": ""}, {"reason": ""}, {"reason": "x" * 501}):
        assert (await administrator.post(f"{page}/end", {**form, **wrong})).status_code == 400, wrong
    assert (await auditor.post(f"{page}/end", {**form, "csrf": await auditor.token()})).status_code == 403
    assert not await shared.entries(start, "agreement.terminated")
    assert (await shared.gateway.get(FOLLOW_UP, "/v1/students")).status_code == 200
    before = (await administrator.get(page)).text
    assert f'action="{page}/end"' in before
    assert 'href="/console/stop"' in before
    assert f'action="{page}/end"' not in (await auditor.get(page)).text
    assert 'href="/console/agreements"' in (await officer.get("/console/stop")).text
    assert (await administrator.post(f"{page}/end", form)).status_code == 303
    assert (await shared.gateway.get(FOLLOW_UP, "/v1/students")).status_code in {401, 403}
    (entry,) = await shared.entries(start, "agreement.terminated")
    assert (entry["agreement"], entry["person"]) == (digest, shared.people[Role.ADMINISTRATOR].id)
    after = (await administrator.get(page)).text
    assert "Ended for good: nothing leaves by it" in after
    assert f'href="{page}/destruction"' in after
    assert f'action="{page}/end"' not in after
    assert f'action="{page}/suspend"' not in after
    assert (await administrator.post(f"{page}/end", form)).status_code == 409, "nothing ends twice"


async def signed_by(officer: Browser, form: dict[str, str], key: SigningKey) -> dict[str, str]:
    """Return the form by which a document is filed that a page before showed, signed by this key."""
    shown = await officer.post(RIGHTS, form)
    found = SALT.search(shown.text)
    assert (shown.status_code, found is not None) == (200, True), shown.text
    assert found is not None
    carried = {**form, "salt": found[1]}
    document = await officer.post(f"{RIGHTS}/document", carried)
    assert document.headers["content-disposition"].startswith("attachment")
    content = read_canonical(document.content)
    for personal in (CALIXTE.number, CALIXTE.first, "Parent", found[1]):
        assert personal not in str(content)
    return {**carried, "signature": signed_file(Kind.PARENTAL_RIGHTS, document.content, key)}


@pytest.mark.ferpa("C5")
@pytest.mark.claim(9)
async def test_a_parents_rights_end_and_come_back_by_an_officers_signature_and_nobody_is_named(shared: Console) -> None:
    officer, start = await shared.as_a(Role.OFFICER), await shared.gateway.size()
    key = shared.gateway.deployment.ring.officers[1].key
    assert CALIXTE.first in names(await shared.gateway.rows(TUTORING))
    form = {
        "csrf": await officer.token(),
        "number": CALIXTE.number,
        "parent": f" {PARENT.upper()} ",
        "act": "revoked",
        "ground": "court_order",
        "ordered_on": "2027-03-01",
        "evidence": f"sha256:{'5' * 64}",
    }
    for role in (Role.STEWARD, Role.ADMINISTRATOR, Role.AUDITOR):
        other = await shared.as_a(role)
        assert (await other.post(RIGHTS, {**form, "csrf": await other.token()})).status_code == 403, role
    for name, value in (
        ("number", ""),
        ("parent", " "),
        ("parent", "x" * 201),
        ("act", "suspended"),
        ("ground", "a letter"),
        ("ordered_on", "1 March"),
        ("evidence", "order.pdf"),
    ):
        assert (await officer.post(RIGHTS, {**form, name: value})).status_code == 400, (name, value)
    good = await signed_by(officer, form, key)
    said = read_canonical((await officer.post(f"{RIGHTS}/document", good)).content)
    assert isinstance(said, dict)
    another = add_signature(None, Kind.PARENTAL_RIGHTS, canonical_bytes({**said, "ground": "state_statute"}), key)
    for changed, status in (
        ({"salt": ""}, 400),
        ({"salt": "0" * 64}, 409),
        ({"number": STUDENTS["fio"].number}, 409),
        ({"parent": "Somebody Else"}, 409),
        ({"act": "restored"}, 409),
        ({"signature": ""}, 409),
        ({"signature": another.text}, 409),
        ({"signature": "", "credential": "nobodys"}, 409),
        ({"signature": (await signed_by(officer, form, key))["signature"]}, 409),
    ):
        answer = await officer.post(f"{RIGHTS}/file", {**good, **changed})
        assert answer.status_code == status, (changed, answer.text)
        assert PARENT.casefold() not in answer.text.casefold()
    nobody = await signed_by(officer, {**form, "number": "no-such-number"}, key)
    assert (await officer.post(f"{RIGHTS}/file", nobody)).status_code == 404
    late = await signed_by(officer, {**form, "ordered_on": "2027-03-20"}, key)
    stranger = await signed_by(officer, form, key_for("a stranger", "ES256"))
    early = await signed_by(officer, {**form, "act": "restored"}, key)
    for bad in (late, stranger, early):
        assert (await officer.post(f"{RIGHTS}/file", bad)).status_code == 409
    assert not await shared.entries(start, "rights.restricted")
    assert CALIXTE.first in names(await shared.gateway.rows(TUTORING))

    done = await officer.post(f"{RIGHTS}/file", good)
    assert "It is on file" in done.text, done.text
    (entry,) = await shared.entries(start, "rights.restricted")
    assert entry["officers"] == [key.thumbprint]
    (filed,) = await shared.entries(start, "paper.filed")
    assert (filed["concerns"], filed["person"]) == (entry["document"], shared.people[Role.OFFICER].id)
    assert CALIXTE.first not in names(await shared.gateway.rows(TUTORING))
    assert CALIXTE.first in names(await shared.gateway.rows(MENTORING)), "no consent is asked for there"
    assert (await officer.post(f"{RIGHTS}/file", good)).status_code == 409, "it is on file already"
    page = (await officer.post("/console/students", {"csrf": form["csrf"], "number": CALIXTE.number})).text
    assert f'name="parent" value="{escape(PARENT.casefold())}"' in page

    back = await signed_by(officer, {**form, "act": "restored", "parent": PARENT.casefold()}, key)
    assert "Nothing comes back by itself" in (await officer.post(f"{RIGHTS}/file", back)).text
    (restored,) = await shared.entries(start, "rights.restored")
    assert restored["officers"] == [key.thumbprint]
    page = (await officer.post("/console/students", {"csrf": form["csrf"], "number": CALIXTE.number})).text
    assert 'name="act" value="restored"' not in page
    assert CALIXTE.first not in names(await shared.gateway.rows(TUTORING)), "nothing comes back by itself"
    for told in (CALIXTE.number, PARENT, PARENT.casefold()):
        assert told not in str(await shared.gateway.entries(start))
        assert told not in str(shared.gateway.lines)
