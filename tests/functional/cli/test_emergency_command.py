"""Emergencies on the command line: ordered by one officer, reviewed by the other, listed with what is missing."""

import json

import pytest

from tests.factories.command_line import NOW, CommandLine

ORDER = """
id: emergency:flood-at-cedar
threat: The river is over the levee, and the bus with two classes of Cedar has not arrived.
recipients:
  - name: County search and rescue
    kind: law_enforcement
    why_needed: They look for the children on the bus and must know who was on it.
elements: ["000115", "000172"]
students: {count: 48, whom: Everybody on the roster of the bus that left at noon}
begins: "2026-10-05T12:00:00Z"
hours: 24
"""
SIGN = ("--officer-key", "@olivia.pem", "--out", "@order.json")
LEVEE = "levee"


def _order(desk: CommandLine, text: str = ORDER) -> None:
    desk.write("order.yaml", text)
    desk.done("emergency", "order", "@order.yaml", *SIGN)


def _review(desk: CommandLine, officer: str, out: str = "review.json") -> None:
    desk.done("emergency", "review", "@order.json", "--officer-key", f"@{officer}.pem", "--out", f"@{out}", "--yes")


@pytest.mark.ferpa("L4")
@pytest.mark.parametrize(
    ("said", "instead", "because"),
    [
        ("The river is over the levee, and the bus with two classes of Cedar has not arrived.", "Danger", "/threat"),
        ("County search and rescue", "Everyone", "/recipients/0/name"),
        ("hours: 24", "hours: 73", "/hours"),
        ('"000172"', '"999999"', "/elements/1"),
    ],
)
def test_an_order_that_is_wrong_is_not_signed(signed: CommandLine, said: str, instead: str, because: str) -> None:
    assert said in ORDER
    signed.write("order.yaml", ORDER.replace(said, instead))
    assert because in signed.refused("emergency", "order", "@order.yaml", *SIGN)
    signed.write("list.yaml", "- nothing")
    signed.refused("emergency", "order", "@list.yaml", *SIGN)
    assert not (signed.folder / "order.json").exists()


@pytest.mark.ferpa("L4")
def test_one_officer_orders_and_another_one_reviews(signed: CommandLine) -> None:
    _order(signed)
    registered = signed.run("emergency", "register", "@order.json")
    assert "A second officer reviews it" in registered.err
    assert registered.data["standing"] == "open"
    assert "registered already" in signed.refused("emergency", "register", "@order.json")
    _review(signed, "olivia")
    assert "does not review" in signed.refused("emergency", "register", "@review.json")
    assert signed.done("emergency", "list")[0]["reviewed_by"] is None
    asked = signed.run(
        *("emergency", "review", "@order.json", "--officer-key", "@piotr.pem", "--out", "@second.json"), typed="y\n"
    )
    assert LEVEE in asked.err
    assert "rescue" in asked.err
    assert signed.done("emergency", "register", "@second.json")["reviewed_by"] == signed.public("piotr")
    _review(signed, "piotr", "third.json")
    assert "reviewed already" in signed.refused("emergency", "register", "@third.json")


@pytest.mark.claim(9)
def test_the_log_of_an_order_holds_counts_and_no_words(signed: CommandLine) -> None:
    _order(signed)
    signed.done("emergency", "register", "@order.json")
    shown = signed.run("audit", "show", "--event", "emergency.ordered")
    (entry,) = [json.loads(line)["entry"] for line in shown.out.splitlines()]
    assert (entry["recipients"], entry["elements"]) == (1, 2)
    for word in (LEVEE, "rescue", "flood", "roster", "children"):
        assert word not in shown.out


@pytest.mark.ferpa("L4")
def test_an_order_nobody_reviewed_is_over_and_marked(signed: CommandLine) -> None:
    _order(signed)
    signed.done("emergency", "register", "@order.json")
    later = "UPDATE gateway.installation SET clock_shift = $1::timestamptz - statement_timestamp()"
    signed.sql(later, NOW.replace(day=NOW.day + 4))
    listed = signed.run("emergency", "list")
    (line,) = listed.data
    assert (line["standing"], line["review_overdue"]) == ("over", True)
    assert "never reviewed" in listed.err
    _review(signed, "piotr")
    assert "72 hours" in signed.refused("emergency", "register", "@review.json")


def test_an_order_id_is_used_once(signed: CommandLine) -> None:
    _order(signed)
    signed.done("emergency", "register", "@order.json")
    (signed.folder / "order.json").unlink()
    _order(signed, ORDER.replace("hours: 24", "hours: 12"))
    assert "emergency:flood-at-cedar is registered already" in signed.refused("emergency", "register", "@order.json")


def test_a_review_of_an_order_that_is_not_registered_is_refused(signed: CommandLine) -> None:
    _order(signed)
    _review(signed, "piotr")
    assert "Register the order first" in signed.refused("emergency", "register", "@review.json")


def test_an_order_begins_now_unless_it_says_otherwise(signed: CommandLine) -> None:
    signed.write("order.yaml", ORDER.replace('begins: "2026-10-05T12:00:00Z"\n', ""))
    written = signed.done("emergency", "order", "@order.yaml", *SIGN)
    assert written["begins"] < written["ends"]
