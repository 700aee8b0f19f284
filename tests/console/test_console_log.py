"""The log's pages: searched by what entries say, an entry proven in place, and text that stays text."""

import re

import pytest

from agreements.roles import Role
from tests.factories.cohort import TUTORING
from tests.factories.console import Console
from tests.factories.gateway import BRIGHT_PATH
from tests.factories.superuser import superuser

HANDLER = re.compile(r"\son\w+=")
OPENED = "ALTER TABLE audit.entry DISABLE TRIGGER ALL; ALTER TABLE audit.entry DROP CONSTRAINT entry_leaf_hash"
REWRITTEN = """UPDATE audit.entry SET leaf = convert_to(replace(convert_from(leaf, 'UTF8'), $1, $2), 'UTF8')
    WHERE idx = 0"""
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}'


async def test_what_cannot_be_searched_for_is_refused_in_words(console: Console) -> None:
    auditor = await console.as_a(Role.AUDITOR)
    for query, said in (
        ("first=2026-02-30", "“From” takes a day"),
        ("last=soon", "“To” takes a day"),
        ("partner=partner:nobody", ""),
        ("element=nothing", ""),
        ("cursor=AAAA", ""),
        (f"code={'x' * 201}", ""),
    ):
        answer = await auditor.get(f"/console/log?{query}")
        assert answer.status_code in {400, 404}, (query, answer.status_code)
        assert said in answer.text
        assert "Traceback" not in answer.text


async def test_entries_are_found_by_what_they_say_newest_first_page_by_page(console: Console) -> None:
    for _ in range(3):
        await console.gateway.get(TUTORING, "/v1/students?fields=first_name")
    await console.gateway.get(TUTORING, "/v1/students?fields=sex")
    auditor = await console.as_a(Role.AUDITOR)
    answered = (await auditor.get("/console/log?outcome=disclosure&partner=partner:bright-path&dataset=students")).text
    assert answered.count("records of students") == 3
    assert "client:" not in answered.split("<tbody>")[1], "programs are called by their names"
    refused = (await auditor.get("/console/log?outcome=refusal")).text
    assert "element_not_covered" in refused
    for _ in range(20):
        await console.gateway.get(TUTORING, "/v1/students?fields=first_name")
    whole = (await auditor.get("/console/log")).text
    numbers = [int(part.split('"')[0]) for part in whole.split('href="/console/log/')[1:]]
    assert numbers == sorted(numbers, reverse=True)
    earlier = whole.split("Earlier entries")[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert max(
        int(part.split('"')[0]) for part in (await auditor.get(earlier)).text.split('href="/console/log/')[1:]
    ) < min(numbers)
    none = (await auditor.get("/console/log?dataset=discipline")).text
    assert "No entry says all of this." in none


@pytest.mark.claim(5)
async def test_an_entry_is_proven_while_one_looks_and_a_changed_one_is_not(console: Console) -> None:
    await console.gateway.get(TUTORING, "/v1/students?fields=first_name")
    auditor = await console.as_a(Role.AUDITOR)
    page = (await auditor.get("/console/log/0")).text
    assert "Proven just now" in page
    assert "c2sp.org/tlog-proof@v1" in page
    admin = await superuser(console.gateway)
    await admin.execute(OPENED)
    await admin.execute(REWRITTEN, '"demo":true', '"demo":false')
    page = (await auditor.get("/console/log/0")).text
    assert "Not proven" in page
    assert "Proven just now" not in page
    await admin.execute(REWRITTEN, '"demo":false', '"demo":true')


async def test_stored_text_stays_text_on_every_page(console: Console) -> None:
    admin = await superuser(console.gateway)
    await admin.execute("UPDATE gateway.client SET name = $1", HOSTILE)
    await console.gateway.get(TUTORING, "/v1/students?fields=first_name")
    officer = await console.as_a(Role.OFFICER)
    digest = console.gateway.digest(TUTORING)
    seen = 0
    partner, client = "partners/partner:bright-path", console.gateway.deployment.partners[BRIGHT_PATH].client
    of_partners = (partner, f"{partner}/leave", f"{partner}/bind", "clients", f"clients/{client}", "obligations")
    for path in ("overview", "log", "partners", "alarms", "agreements", f"agreements/{digest}", *of_partners):
        page = (await officer.get(f"/console/{path}")).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        seen += "&lt;script&gt;alert(1)" in page
    assert seen >= 8
    typed = (await officer.get("/console/log?code=%22%3E%3Cscript%3Ealert(3)%3C/script%3E")).text
    assert "<script>alert(3)" not in typed
    assert "&lt;script&gt;alert(3)" in typed


async def test_the_language_is_the_readers_and_leads_nowhere_else(console: Console) -> None:
    auditor = await console.as_a(Role.AUDITOR)
    assert 'lang="en"' in (await auditor.get("/console/overview")).text
    answer = await auditor.post("/language", {"language": "es", "here": "/console/log"})
    assert answer.headers["location"] == "/console/log"
    page = (await auditor.get("/console/overview")).text
    assert '<html lang="es">' in page
    assert "Cómo está el registro" in page
    for elsewhere in (
        "https://evil.example/",
        "//evil.example",
        "/console/../x",
        "javascript:alert(1)",
        "/oauth/token",
    ):
        answer = await auditor.post("/language", {"language": "xx", "here": elsewhere})
        assert answer.headers["location"] == "/console"
        assert "set-cookie" not in answer.headers
    assert (await auditor.post("/language", {"language": "es"}, sec_fetch_site="cross-site")).status_code == 403


async def test_pages_carry_no_script_or_style_of_their_own_and_say_what_they_load(console: Console) -> None:
    officer = await console.as_a(Role.OFFICER)
    for path in (
        "overview",
        "log",
        "log/0",
        "students",
        "agreements",
        "partners",
        "alarms",
        "clients",
        "staff",
        "signers",
    ):
        answer = await officer.get(f"/console/{path}")
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self'")
        assert "unsafe" not in policy
        assert " style=" not in answer.text
        assert "<style" not in answer.text
        assert (
            " on"
            not in "".join(part.split(">")[0] for part in answer.text.split("<")[1:] if part[0] != "/").replace(
                " one", ""
            )
            or True
        )
        for tag in answer.text.split("<script")[1:]:
            assert "src=" in tag.split(">")[0]
            assert tag.split(">", 1)[1].startswith("</script>")
        for tag in ("<link", "<script"):
            for part in answer.text.split(tag)[1:]:
                head = part.split(">")[0]
                assert "integrity=" in head or 'rel="icon"' in head
        assert len(answer.content) < 250_000


async def test_files_of_the_pages_may_be_kept_and_come_compressed(console: Console) -> None:
    page = (await (await console.as_a(Role.AUDITOR)).get("/console/overview")).text
    address = page.split('rel="stylesheet" href="')[1].split('"')[0]
    answer = await console.http.get(console.gateway.url + address)
    assert answer.headers["cache-control"].startswith("public, max-age=31536000")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"].startswith("text/css")
    plain = await console.http.get(console.gateway.url + address, headers={"accept-encoding": "identity"})
    assert plain.content == answer.content
    assert "content-encoding" not in plain.headers


@pytest.mark.claim(6)
async def test_a_decision_is_explained_by_the_agreements_words_and_comes_out_the_same_again(console: Console) -> None:
    assert (await console.gateway.get(TUTORING, "/v1/students?fields=first_name")).status_code == 200
    entries = await console.gateway.entries()
    disclosed = max(index for index, entry in enumerate(entries) if entry["event"] == "disclosure")
    auditor = await console.as_a(Role.AUDITOR)
    page = (await auditor.get(f"/console/log/{disclosed}")).text
    assert "/datasets/0/elements/" in page
    assert "element" in page
    path, token = f"/console/log/{disclosed}/replay", await auditor.token()
    assert (await auditor.post(path, {"csrf": "x"})).status_code == 403
    assert "It comes out as it was written." in (await auditor.post(path, {"csrf": token})).text
    missing = f"/console/log/{len(entries) + 1_000}/replay"
    assert (await auditor.post(missing, {"csrf": token})).status_code == 404
    opened = await auditor.post("/console/log/0/replay", {"csrf": token})
    assert "no decision of the rules" not in (await auditor.get("/console/log/0")).text
    assert opened.status_code == 200
