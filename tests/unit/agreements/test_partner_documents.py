"""Debarments, successions and emergency orders: what each must say, before anybody's signature is judged."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from agreements.documents.debarment import Debarment, debarment_bytes, earliest_end, read_debarment
from agreements.documents.emergency import (
    EmergencyOrder,
    Recipient,
    emergency_order_bytes,
    read_emergency_order,
)
from agreements.documents.succession import Succession, read_succession, succession_bytes
from agreements.elements import Tier, load_catalogue
from agreements.errors import InvalidDocument, MalformedDocument

DEBARMENT = Debarment(
    "partner:bright-path", "failure_to_destroy", date(2026, 3, 10), date(2031, 3, 10), "Nothing was destroyed."
)
SUCCESSION = Succession("partner:bright-path", "partner:brighter-path", "merger", date(2026, 9, 1), "Merged.")
ORDER = EmergencyOrder(
    id="emergency:flood-at-cedar",
    threat="The river is over the levee and the school bus with two classes is missing.",
    recipients=(
        Recipient("County search and rescue", "law_enforcement", "They look for the children on the bus."),
        Recipient("Cedar General Hospital", "medical", "They treat whoever is found and need allergies."),
    ),
    elements=("000115", "000172"),
    count=48,
    whom="Everybody on the roster of the bus that left at noon",
    begins=datetime(2026, 10, 5, 12, tzinfo=UTC),
    hours=48,
)
NEVER = next(element.id for element in load_catalogue() if element.tier is Tier.NEVER)


def read_order(raw: bytes) -> EmergencyOrder:
    return read_emergency_order(raw, load_catalogue())


def recipient(**changes: Any) -> dict[str, Any]:
    return {"name": "Dr. Vance", "kind": "medical", "why_needed": "Treats the injured and needs to know.", **changes}


@pytest.mark.parametrize(
    ("read", "raw", "changes", "path"),
    [
        (read_debarment, debarment_bytes(DEBARMENT), {"until_day": "2031-03-09"}, "/until_day"),
        (read_debarment, debarment_bytes(DEBARMENT), {"until_day": "2031-02-29"}, "/until_day"),
        (read_debarment, debarment_bytes(DEBARMENT), {"from_day": "2026-02-29"}, "/from_day"),
        (read_debarment, debarment_bytes(DEBARMENT), {"cause": "dislike"}, "/cause"),
        (read_debarment, debarment_bytes(DEBARMENT), {"partner": "district:emerald-city"}, "/partner"),
        (read_debarment, debarment_bytes(DEBARMENT), {"reason": ""}, "/reason"),
        (read_debarment, debarment_bytes(DEBARMENT), {"undone_by": "nobody"}, "/undone_by"),
        (read_debarment, debarment_bytes(DEBARMENT), {"format": "pactgate-succession/1"}, "/format"),
        (read_succession, succession_bytes(SUCCESSION), {"successor": "partner:bright-path"}, "/successor"),
        (read_succession, succession_bytes(SUCCESSION), {"predecessor": "district:emerald-city"}, "/predecessor"),
        (read_succession, succession_bytes(SUCCESSION), {"kind": "spin_off"}, "/kind"),
        (read_succession, succession_bytes(SUCCESSION), {"day": "2026-09-31"}, "/day"),
        (read_succession, succession_bytes(SUCCESSION), {"agreements": "all"}, "/agreements"),
        (read_order, emergency_order_bytes(ORDER), {"id": "flood"}, "/id"),
        (read_order, emergency_order_bytes(ORDER), {"elements": []}, "/elements"),
        (read_order, emergency_order_bytes(ORDER), {"elements": ["000115", "000115"]}, "/elements"),
        (read_order, emergency_order_bytes(ORDER), {"elements": ["999999"]}, "/elements/0"),
        (read_order, emergency_order_bytes(ORDER), {"elements": ["000115", NEVER]}, "/elements/1"),
        (read_order, emergency_order_bytes(ORDER), {"students": {"count": 0, "whom": "nobody"}}, "/students/count"),
        (read_order, emergency_order_bytes(ORDER), {"students": ["7001"]}, "/students"),
        (read_order, emergency_order_bytes(ORDER), {"begins": "2026-10-05T12:00:00"}, "/begins"),
        (read_order, emergency_order_bytes(ORDER), {"begins": "2026-10-05T12:00:00+02:00"}, "/begins"),
        (read_order, emergency_order_bytes(ORDER), {"begins": "2026-02-30T12:00:00Z"}, "/begins"),
        (read_order, emergency_order_bytes(ORDER), {"hours": 0}, "/hours"),
        (read_order, emergency_order_bytes(ORDER), {"recipients": [recipient(kind="vendor")]}, "/recipients/0/kind"),
        (
            read_order,
            emergency_order_bytes(ORDER),
            {"recipients": [recipient(why_needed="Needs it.")]},
            "/recipients/0/why_needed",
        ),
        (
            read_order,
            emergency_order_bytes(ORDER),
            {"recipients": [recipient(), recipient(name="DR.  VANCE")]},
            "/recipients/1/name",
        ),
    ],
)
def test_a_wrong_document_is_refused(
    read: Callable[[bytes], object], raw: bytes, changes: dict[str, Any], path: str
) -> None:
    read(raw)
    with pytest.raises(InvalidDocument) as caught:
        read(json.dumps({**json.loads(raw), **changes}).encode())
    assert [problem.path for problem in caught.value.problems] == [path]


@pytest.mark.ferpa("L9")
@pytest.mark.parametrize(
    ("first", "least"),
    [
        (date(2026, 3, 10), date(2031, 3, 10)),
        (date(2028, 2, 29), date(2033, 3, 1)),
        (date(2027, 2, 28), date(2032, 2, 28)),
        (date(2027, 3, 1), date(2032, 3, 1)),
    ],
)
def test_a_debarment_lasts_five_years_and_29_february_counts_to_1_march(first: date, least: date) -> None:
    assert earliest_end(first) == least
    short = debarment_bytes(replace(DEBARMENT, from_day=first, until_day=least - timedelta(days=1)))
    with pytest.raises(InvalidDocument, match="until_day"):
        read_debarment(short)
    long = replace(DEBARMENT, from_day=first, until_day=least + timedelta(days=400))
    for enough in (replace(long, until_day=least), long):
        assert read_debarment(debarment_bytes(enough)) == enough


def test_a_debarment_at_the_end_of_the_calendar_is_read_or_refused_like_any_other() -> None:
    with pytest.raises(InvalidDocument, match="until_day"):
        read_debarment(debarment_bytes(replace(DEBARMENT, from_day=date(2999, 2, 2), until_day=date(2999, 2, 1))))


@pytest.mark.ferpa("L4")
@pytest.mark.parametrize("threat", ["", "   ", "danger", "an emergency" + " " * 40, "\u00a0" * 30])
def test_an_empty_threat_is_refused(threat: str) -> None:
    with pytest.raises(InvalidDocument) as caught:
        read_order(emergency_order_bytes(replace(ORDER, threat=threat)))
    (problem,) = caught.value.problems
    assert (problem.path, problem.rule) == ("/threat", "L4")
    assert "99.36" in problem.source


@pytest.mark.ferpa("L4")
def test_an_order_without_recipients_is_refused() -> None:
    with pytest.raises(InvalidDocument) as caught:
        read_order(emergency_order_bytes(replace(ORDER, recipients=())))
    assert [problem.path for problem in caught.value.problems] == ["/recipients"]


@pytest.mark.ferpa("L4")
@pytest.mark.parametrize("name", ["everyone", "Everybody.", "  THE   PUBLIC ", "*", "all", "TBD", "\uff45veryone"])
def test_nothing_leaves_to_everyone(name: str) -> None:
    content = {**json.loads(emergency_order_bytes(ORDER)), "recipients": [recipient(name=name)]}
    with pytest.raises(InvalidDocument) as caught:
        read_order(json.dumps(content).encode())
    assert [problem.path for problem in caught.value.problems] == ["/recipients/0/name"]


@pytest.mark.ferpa("L4")
def test_an_order_of_73_hours_is_refused() -> None:
    assert read_order(emergency_order_bytes(replace(ORDER, hours=72))).ends == ORDER.begins + timedelta(hours=72)
    with pytest.raises(InvalidDocument) as caught:
        read_order(emergency_order_bytes(replace(ORDER, hours=73)))
    assert [problem.path for problem in caught.value.problems] == ["/hours"]


def test_everything_wrong_with_an_order_is_said_at_once() -> None:
    content = {**json.loads(emergency_order_bytes(ORDER)), "threat": "bad", "begins": "2026-02-30T00:00:00Z"}
    content |= {"elements": ["999999"], "recipients": [recipient(name="all")]}
    with pytest.raises(InvalidDocument) as caught:
        read_order(json.dumps(content).encode())
    assert {each.path for each in caught.value.problems} == {"/threat", "/begins", "/elements/0", "/recipients/0/name"}


def test_documents_read_back_as_they_were_written() -> None:
    assert read_debarment(debarment_bytes(DEBARMENT)) == DEBARMENT
    assert read_succession(succession_bytes(SUCCESSION)) == SUCCESSION
    assert read_order(emergency_order_bytes(ORDER)) == ORDER
    early = replace(ORDER, begins=datetime(26, 1, 2, tzinfo=UTC))
    assert read_order(emergency_order_bytes(early)) == early


@pytest.mark.claim(9)
def test_words_do_not_show_in_representations() -> None:
    assert "destroyed" not in repr(DEBARMENT)
    assert "Merged" not in repr(SUCCESSION)
    for word in ("river", "rescue", "children", "roster"):
        assert word not in repr(ORDER)


def test_an_unreadable_document_is_malformed() -> None:
    for read in (read_debarment, read_succession, read_order):
        with pytest.raises(MalformedDocument):
            read(b"{")
