"""The register as JSON, CSV and pages: of a fixed shape, nothing in it is computed or run, and anybody can read it."""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Mapping
from importlib.resources import files
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreements.basis import Basis
from agreements.elements import Transformation
from agreements.obligations import Status
from agreements.purpose import PURPOSES
from agreements.schema import PARTNER_TYPES
from gateway.register import wording
from gateway.register.edition import Edition, file_name, site_of
from gateway.register.page import _PAGES
from gateway.register.record import COLUMNS, csv_of, json_of
from gateway.services.publishing.listing import opt_outs_of
from gateway.services.publishing.public_register import Duties, PublicRegister, PublicStanding
from gateway.spreadsheets import inert
from tests.factories.agreements import SPS_A, SPS_B, Keyring
from tests.factories.public_register import Element, Page, listed, one, register_with

pytestmark = pytest.mark.ferpa("A10")

SHARED = {
    "/obligations/redisclosure/permitted": "listed_subrecipients",
    "/subrecipients": [{"name": "Cloud Desk Ltd.", "interest": "Hosts the tutors' calendar."}],
}
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}{% for x in y %}",
    "</title></bdi></table><h1>Other",
    '=HYPERLINK("http://evil.example","click")',
    "'; DROP TABLE agreements; --",
    "&lt;b&gt; &amp; done",
)


def rich() -> PublicRegister:
    """A register with everything in it: two versions, subrecipients, duties, use, several standings."""
    ring = Keyring()
    first = ring.agreement(SPS_A, changes=SHARED)
    second = ring.agreement(SPS_A, changes={**SHARED, "/version": 2, "/replaces": first.digest})
    other = ring.agreement(SPS_B)
    stopped = ring.agreement(SPS_B, changes={"/id": "agreement:stopped", "/title": "A stopped one"})
    return register_with(
        listed(ring, first, standing="replaced", replaced_by=second.digest, entry=4),
        listed(ring, second, replaces=first, entry=9),
        listed(ring, other, standing="terminated"),
        listed(ring, stopped, standing="suspended"),
        duties={other.digest: Duties(Status.DUE, Status.OVERDUE)},
    )


def hostile(text: str) -> PublicRegister:
    changes = {
        **SHARED,
        **dict.fromkeys(("/title", "/partner/name", "/district/name", "/purpose/words"), text),
        "/subrecipients": [{"name": text, "interest": text}],
    }
    return one(changes=changes)


def pages(register: PublicRegister) -> Mapping[str, bytes]:
    """Every page, served and as a file."""
    edition = Edition(register)
    served = {each.digest: edition.page(each.digest) for each in register.agreements}
    found = {digest: form.body for digest, form in served.items() if form is not None}
    site = {name: body for name, body in site_of(register).items() if name.endswith(".html")}
    assert (len(found), len(site)) == (len(register.agreements), len(register.agreements) + 1)
    return {"index": edition.index.body, **found, **site}


def every_element(body: bytes) -> list[Element]:
    return Page(body).all(*set(re.findall(r"<([a-z0-9]+)", body.decode())))


def shape(body: bytes) -> list[tuple[str, list[str]]]:
    return [(each.name, sorted(each.attributes)) for each in every_element(body)]


# ----------------------------------------------------------------------------------------------------------- escaping


@pytest.mark.parametrize("text", HOSTILE)
def test_signed_words_are_words_on_every_page_whatever_they_look_like(text: str) -> None:
    plain, attacked = pages(one(changes=SHARED)), pages(hostile(text))
    for expected, found in zip(plain.values(), attacked.values(), strict=True):
        assert shape(found) == shape(expected)
        assert text in Page(found).root.words


@pytest.mark.parametrize("text", HOSTILE)
def test_csv_reads_back_and_no_cell_is_one_that_a_spreadsheet_computes(text: str) -> None:
    register = hostile(text)
    header, row, *rest = csv.reader(io.StringIO(csv_of(register).decode(), newline=""), strict=True)
    assert (tuple(header), rest) == (COLUMNS, [])
    found = dict(zip(header, row, strict=True))
    assert found["title"].removeprefix("'") == text
    assert all(not each.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for each in row)


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff20a", "'x"],
)
def test_what_a_spreadsheet_would_compute_is_marked_as_text(text: str) -> None:
    assert inert(text) == "'" + text


@given(st.text())
def test_whoever_reads_a_cell_without_its_first_apostrophe_reads_the_text(text: str) -> None:
    assert inert(text).removeprefix("'") == text


@pytest.mark.parametrize("text", HOSTILE)
def test_json_gives_the_words_back_as_they_were_signed(text: str) -> None:
    (found,) = json.loads(json_of(hostile(text)))["agreements"]
    assert (found["title"], found["purpose"]["words"], found["partner"]["name"]) == (text, text, text)


def test_no_template_can_let_a_value_through_unescaped() -> None:
    assert not {"safe", "xmlattr", "tojson"} & set(_PAGES.filters)
    folder = files("gateway.register").joinpath("templates")
    for file in folder.iterdir():
        text = file.read_text("utf-8")
        assert not re.search(r"\|\s*safe|autoescape|<script|style=|\son\w+=|javascript:|http-equiv", text), file.name
        assert "://" not in text


# --------------------------------------------------------------------------------------------------------------- JSON


def test_the_json_has_exactly_this_shape() -> None:
    content = json.loads(json_of(one(changes=SHARED, entry=7)))
    (agreement,) = content.pop("agreements")
    assert content == {"format": "pactgate-register/1", "as_of": "2027-03-10", "time_zone": "America/Los_Angeles"}
    students, attendance = agreement.pop("datasets")
    assert (students["dataset"], students["title"], students["school_years"]) == (
        "students",
        "Students",
        ["2026-2027"],
    )
    assert students["elements"][2] == {
        "id": "000033",
        "title": "Date of birth",
        "transformation": "age_years",
        "words": "as an age in years",
    }
    assert (len(students["elements"]), len(attendance["elements"])) == (12, 6)
    assert agreement.pop("months")[0] == {"month": "2027-01", "disclosures": "none"}
    assert agreement.pop("digest").startswith("sha256:")
    assert agreement == {
        "agreement": "agreement:sps-a-tutoring",
        "version": 1,
        "title": "Data sharing agreement for tutoring, school year 2026-2027",
        "standing": {"code": "in_force", "words": "In force"},
        "entry": 7,
        "district": {"id": "district:emerald-city", "name": "Emerald City School District"},
        "partner": {
            "id": "partner:bright-path",
            "name": "Bright Path Tutoring",
            "type": "nonprofit",
            "type_words": "Nonprofit organization",
        },
        "basis": {
            "code": "consent",
            "title": "Written consent",
            "meaning": wording.GROUNDS["consent"].meaning,
            "citation": "34 CFR 99.30",
        },
        "purpose": {
            "code": "tutoring",
            "title": "Tutoring and academic support",
            "words": "Plan tutoring sessions and monitor the progress of the students whose families consented.",
        },
        "term": {"first_day": "2026-09-01", "last_day": "2027-06-30", "time_zone": "America/Los_Angeles"},
        "subrecipients": [{"name": "Cloud Desk Ltd.", "interest": "Hosts the tutors' calendar."}],
        "opt_outs": {"sharing": True, "directory": False, "words": wording.OPT_OUTS["sharing",]},
        "review": {"code": "not_due", "words": "Not due"},
        "destruction": {"code": "not_due", "words": "Not due"},
        "replaces": None,
        "replaced_by": None,
        "framework": False,
        "master": None,
        "children": [],
        "bearer_until": None,
        "people_behind": "allowed",
    }


def test_pages_csv_and_json_list_the_same_agreements_with_the_same_standing() -> None:
    register = rich()
    standings = [wording.STANDINGS[each.standing] for each in register.agreements]
    assert standings == ["In force", "Suspended", "Replaced", "Terminated"]
    assert [each["standing"]["words"] for each in json.loads(json_of(register))["agreements"]] == standings
    rows = list(csv.DictReader(io.StringIO(csv_of(register).decode(), newline="")))
    assert [row["standing"] for row in rows] == standings
    index = Page(Edition(register).index.body)
    assert [row.within("td")[-1].words for row in index.all("tbody")[0].within("tr")] == standings
    for each in register.agreements:
        page = Edition(register).page(each.digest)
        assert page is not None
        assert wording.STANDINGS[each.standing] in Page(page.body).all("main")[0].words


def test_a_page_tells_everything_that_the_register_is_for() -> None:
    register = rich()
    each = register.agreements[0]
    page = Edition(register).page(each.digest)
    assert page is not None
    words = Page(page.body).root.words
    for part in (
        "Bright Path Tutoring",
        "Nonprofit organization",
        "Written consent",
        "34 CFR 99.30",
        "Tutoring and academic support",
        "Date of birth as an age in years 000033",
        "Cloud Desk Ltd. Hosts the tutors' calendar.",
        "Applied: a student whose family opted out of sharing is left out.",
        "September 1, 2026 to June 30, 2027",
        "America/Los Angeles",
        "January 2027 none",
        "Yearly review Not due",
        "Destruction of the data Not due",
        f"Digest of the signed text {each.digest}",
        "Entry in the log 9",
        "Replaces Data sharing agreement for tutoring",
    ):
        assert part in words, part


def test_a_version_that_is_not_in_the_register_is_named_and_not_linked_to() -> None:
    ring = Keyring()
    first = ring.agreement()
    digest = first.digest
    second = ring.agreement(changes={"/version": 2, "/replaces": digest})
    register = register_with(listed(ring, second, replaces=first))
    page = Edition(register).page(register.agreements[0].digest)
    assert page is not None
    assert digest in Page(page.body).root.words
    assert all(digest not in (each.attributes["href"] or "") for each in Page(page.body).all("a"))


def test_an_empty_register_says_so_in_every_form() -> None:
    register = register_with()
    assert "No agreement has been brought into force yet." in Page(Edition(register).index.body).root.words
    assert json.loads(json_of(register))["agreements"] == []
    assert list(csv.reader(io.StringIO(csv_of(register).decode(), newline=""))) == [list(COLUMNS)]


def test_unfinished_counting_is_said_and_is_not_shown_as_no_use() -> None:
    ring = Keyring()
    agreement = ring.agreement()
    owed = {agreement.digest: Duties(Status.DUE, None)}
    register = register_with(listed(ring, agreement), counted=False, duties=owed)
    (page,) = [body for name, body in pages(register).items() if name.startswith("sha256:")]
    assert "The log is still being counted" in Page(page).root.words
    assert "Yearly review Due Destruction of the data Still being counted" in Page(page).root.words
    (found,) = json.loads(json_of(register))["agreements"]
    assert (found["months"], found["destruction"], found["review"]["code"]) == (None, None, "due")
    (row,) = csv.DictReader(io.StringIO(csv_of(register).decode(), newline=""))
    assert (row["months_in_use"], row["destruction"], row["review"]) == (wording.COUNTING, wording.COUNTING, "Due")


@pytest.mark.parametrize("standing", ["active", "suspended"])
def test_a_framework_never_reads_as_if_data_were_shared_under_it(standing: str) -> None:
    register = one(SPS_B, changes={"/framework": True}, standing=standing)
    page = Edition(register).page(register.agreements[0].digest)
    assert page is not None
    words = Page(page.body).root.words
    assert wording.MEANINGS[PublicStanding.IN_FORCE] not in words
    assert "What is shared" not in words
    assert "What agreements that narrow it may share" in words
    assert (wording.FRAMEWORK in words) == (standing == "active")
    assert "version 1, framework" in Page(Edition(register).index.body).root.words
    assert json.loads(json_of(register))["agreements"][0]["framework"] is True
    (row,) = csv.DictReader(io.StringIO(csv_of(register).decode(), newline=""))
    assert row["framework"] == "grants nothing by itself"


# -------------------------------------------------------------------------------------------------------------- words


def test_every_code_has_words() -> None:
    assert set(wording.GROUNDS) == set(Basis)
    assert set(wording.PARTNERS) == set(PARTNER_TYPES)
    assert set(wording.TRANSFORMATIONS) == set(Transformation)
    assert set(wording.STANDINGS) == set(wording.MEANINGS) == set(PublicStanding)
    assert set(wording.STATUSES) == set(Status)
    assert set(wording.OPT_OUTS) == {opt_outs_of(basis) for basis in Basis}
    assert all(wording.purpose_title(code) for code in PURPOSES)


# ------------------------------------------------------------------------------------------------------ accessibility


def every_page() -> list[Any]:
    found = {**pages(rich()), "empty": Edition(register_with()).index.body}
    return [pytest.param(body, id=name) for name, body in found.items()]


@pytest.mark.parametrize("body", every_page())
def test_a_page_can_be_read_by_everybody(body: bytes) -> None:
    page = Page(body)
    # Language, title, one heading of the first level, no level left out (WCAG 2.2: 3.1.1, 2.4.2, 1.3.1, 2.4.6).
    assert [each.attributes.get("lang") for each in page.all("html")] == ["en"]
    assert [bool(each.words) for each in page.all("title")] == [True]
    levels = [int(each.name[1]) for each in page.all("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    # Landmarks, and a way past what repeats (1.3.1, 2.4.1).
    for name in ("main", "header", "footer"):
        assert len(page.all(name)) == 1, name
    first = page.all("a")[0]
    assert first.attributes["href"] == "#" + (page.all("main")[0].attributes["id"] or "")
    assert all(each.attributes.get("aria-label") for each in page.all("nav"))
    # Identifiers are there once, and what refers to one finds it (4.1.2).
    every = every_element(body)
    ids = Counter(each.attributes["id"] for each in every if "id" in each.attributes)
    assert set(ids.values()) <= {1}
    assert {each.attributes["aria-labelledby"] for each in every if "aria-labelledby" in each.attributes} <= set(ids)
    # Tables say what they are and what their cells belong to (1.3.1).
    for table in page.all("table"):
        assert [bool(each.words) for each in table.within("caption")] == [True]
        assert table.children[0].name == "caption"
        assert {each.attributes.get("scope") for each in table.within("thead")[0].within("th")} == {"col"}
        assert not table.within("thead")[0].within("td")
        for row in table.within("tbody")[0].within("tr"):
            assert [each.attributes.get("scope") for each in row.within("th")] == ["row"]
    # What scrolls can be reached and has a name (2.1.1).
    for region in (each for each in every if each.attributes.get("role") == "region"):
        assert region.attributes["tabindex"] == "0"
    # Links and headings have words; nothing runs, and nothing comes from elsewhere.
    assert all(each.words for each in page.all("a", "h1", "h2", "h3", "dt", "dd", "th"))
    assert not page.all("script", "style", "iframe", "img", "form", "object", "embed", "base")
    assert not [name for each in every for name in each.attributes if name == "style" or name.startswith("on")]
    assert not [each for each in page.all("a", "link") if ":" in (each.attributes["href"] or "").split("sha256:")[0]]


def test_every_link_of_the_site_leads_to_one_of_its_files() -> None:
    site = site_of(rich())
    assert list(site)[-1] == "index.html"
    for name, body in site.items():
        if name.endswith(".html"):
            links = {each.attributes["href"] for each in Page(body).all("a", "link")}
            assert {link for link in links if link != "#main"} <= set(site)
    assert all(re.fullmatch(r"[a-z0-9.-]+", name) for name in site)
    assert file_name("sha256:" + "0" * 64) == f"sha256-{'0' * 64}.html"


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one_colour: str, other: str) -> float:
    bright, dark = sorted((luminance(one_colour), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_text_stands_out_from_the_ground_in_the_light_in_the_dark_and_on_paper() -> None:
    # WCAG 2.2, 1.4.3: 4.5 to 1 for text; 1.4.11: 3 to 1 for lines that tell something.
    text = files("gateway.register").joinpath("templates", "register.css").read_text("utf-8")
    schemes = [
        dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", block))
        for block in re.findall(r":root \{(.*?)\}", text, re.DOTALL)
    ]
    assert len(schemes) == 3
    for scheme in schemes:
        for ground in (scheme["ground"], scheme["raised"]):
            for name in ("text", "soft", "link", "visited", "good", "warn", "stop"):
                assert contrast(scheme[name], ground) >= 4.5, (name, ground)
        assert contrast(scheme["line"], scheme["ground"]) >= 3
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text


@pytest.mark.parametrize(("clause", "words"), [(None, None), ("required", "Always:"), ("barred", "Never:")])
def test_the_register_says_whether_a_person_is_behind_each_request(clause: str | None, words: str | None) -> None:
    ring = Keyring()
    made = ring.agreement(SPS_B, changes={} if clause is None else {"/people_behind": clause})
    register = register_with(listed(ring, made))
    assert json.loads(json_of(register))["agreements"][0]["people_behind"] == (clause or "allowed")
    (row,) = csv.DictReader(io.StringIO(csv_of(register).decode(), newline=""))
    assert row["people_behind"] == (clause or "allowed")
    pages = " ".join(body.decode() for name, body in site_of(register).items() if name.endswith(".html"))
    assert ("A person behind each request" in pages) is (words is not None)
    assert words is None or words in pages
