"""Certificates, holds and reviews as people type them."""

import datetime as dt
import json

import pytest

from tests.factories.command_line import NOW, CommandLine

LATER = "UPDATE gateway.installation SET clock_shift = $1::timestamptz - statement_timestamp()"
WORDS = ("--what", "Every copy", "--method", "purge", "--how", "Cryptographic erase", "--on", "2026-10-05")
PEOPLE = ("--who", "Rae Responsible", "--witness", "Wim Witness")


@pytest.fixture
def active(signed: CommandLine) -> CommandLine:
    """The agreement in force; nothing was disclosed."""
    signed.approve()
    signed.activate()
    return signed


def at(desk: CommandLine, moment: dt.datetime) -> None:
    desk.sql(LATER, moment)


def agreement(desk: CommandLine) -> str:
    (line,) = desk.done("agreement", "show")
    return str(line["digest"])


def figures(desk: CommandLine, *, covers: str = "whole", out: str = "@figures.json") -> str:
    digest = agreement(desk)
    desk.done("certificate", "new", digest, "--covers", covers, "--out", out)
    return digest


@pytest.mark.ferpa("X2")
def test_a_certificate_is_judged_before_it_is_signed(active: CommandLine) -> None:
    figures(active)
    sign = ("certificate", "sign", "@figures.json", *WORDS, "--key", "@rae.pem", "--out", "@c.json")
    active.refused(*sign, "--who", "Rae Responsible", code=2)
    active.refused(*sign, "--who", "Rae Responsible", "--witness", " ", code=2)
    active.refused(*sign, *PEOPLE, "--method", "shred", code=2)
    active.write("list.json", "[]")
    assert "certificate new" in active.refused(*sign[:2], "@list.json", *sign[3:], *PEOPLE)
    active.write("figures.json", (active.folder / "figures.json").read_text().replace('"count": 0', '"count": 1'))
    assert "/disclosures/last_entry" in active.refused(*sign, *PEOPLE)
    assert not (active.folder / "c.json").exists()


@pytest.mark.ferpa("X2")
@pytest.mark.ferpa("X4")
def test_a_certificate_waits_for_the_end_and_for_the_release_of_a_hold(active: CommandLine) -> None:
    digest = figures(active)
    active.done("certificate", "sign", "@figures.json", *WORDS, *PEOPLE, "--key", "@rae.pem", "--out", "@c.json")
    assert "not over" in active.refused("certificate", "register", "@c.json")
    active.done("agreement", "terminate", digest, "--reason", "It is over", "--yes")

    why = ("--kind", "inspection", "--since", "2026-10-01", "--reason", "A request is open")
    said = active.run("hold", "sign", digest, *why, "--officer-key", "@dana.pem", "--out", "@wrong.json").err
    assert "not an officer" in said
    active.refused("hold", "place", "@wrong.json")
    hold = active.done("hold", "sign", digest, *why, "--officer-key", "@olivia.pem", "--out", "@hold.json")["hold"]
    active.done("hold", "place", "@hold.json")
    assert "hold was open" in active.refused("certificate", "register", "@c.json")
    (line,) = active.done("hold", "list")
    assert (line["hold"], line["agreement"], line["open"], "reason" in line) == (hold, digest, True, False)

    release = ("--reason", "Answered", "--officer-key", "@piotr.pem", "--out", "@release.json")
    active.done("hold", "sign-release", hold, *release)
    active.done("hold", "release", "@release.json")
    registered = active.done("certificate", "register", "@c.json")
    (shown,) = active.done("certificate", "show", digest)
    assert (shown["certificate"], shown["covers"]) == (registered["certificate"], "whole")
    assert "Wim" not in json.dumps(shown)
    assert active.done("obligation", "list")["obligations"][0]["status"] == "certified"


def test_leavers_are_listed_in_a_file_only_its_owner_reads_and_nowhere_else(active: CommandLine) -> None:
    figures(active, covers="leavers", out="@leavers.json")
    path = active.folder / "leavers.json"
    assert path.stat().st_mode & 0o077 == 0
    assert json.loads(path.read_text())["covers"] == "leavers"


@pytest.mark.ferpa("X3")
def test_a_review_is_gathered_signed_and_registered_and_what_is_overdue_fails_the_command(active: CommandLine) -> None:
    digest = agreement(active)
    assert "no day to review" in active.refused("agreement", "review-pack", digest, "--out", "@pack")
    at(active, NOW + dt.timedelta(days=3))
    pack = active.done("agreement", "review-pack", digest, "--out", "@pack")
    assert (pack["from"], pack["to"]) == ("2026-10-05", "2026-10-07")
    active.refused("agreement", "review-pack", digest, "--out", "@pack")
    sign = ("agreement", "sign-review", "@pack", "--conclusion", "continue", "--officer-key", "@olivia.pem")
    active.refused(*sign, "--finding", "no action", "--out", "@review.json", code=2)
    said = active.run(*sign[:-1], "@dana.pem", "--out", "@wrong.json").err
    assert "not an officer" in said
    active.refused("agreement", "reviewed", "@wrong.json")
    finding = ("--finding", "Two elements were never asked for => Drop them at the renewal")
    review = active.done(*sign, *finding, "--out", "@review.json")
    assert (review["pack"], review["agreement"]) == (pack["pack"], digest)
    active.done("agreement", "reviewed", "@review.json")
    active.write("pack/use.json", "{}")
    assert "is not the file" in active.refused(*sign, "--out", "@again.json")
    days = ("--from", "2026-10-08", "--to", "2026-10-08")
    assert "no day to review" in active.refused("agreement", "review-pack", digest, "--out", "@pack2", *days)


@pytest.mark.ferpa("X3")
def test_what_is_overdue_is_said_and_fails_the_command_until_it_is_met(signed: CommandLine) -> None:
    assert signed.done("obligation", "list") == {"obligations": [], "refused": [], "ending_clients": [], "families": []}
    signed.draft(file="long.yaml")
    text = (signed.folder / "long.yaml").read_text().replace("last_day: 2027-06-30", "last_day: 2028-06-30")
    signed.write("long.yaml", text)
    signed.sign("long.yaml")
    signed.approve(file="long.signed.json", out="long.approval.json")
    digest = signed.activate("long.signed.json", "long.approval.json")
    (owed,) = signed.done("obligation", "list")["obligations"]
    assert (owed["agreement"], owed["duty"], owed["status"], owed["due"]) == (
        digest,
        "review",
        "not_due",
        "2027-10-05",
    )
    at(signed, dt.datetime(2027, 10, 6, 20, tzinfo=dt.UTC))
    late = signed.run("obligation", "list")
    assert (late.code, late.data["obligations"][0]["overdue_since"]) == (1, "2027-10-06")
    assert f"Overdue since 2027-10-06: the yearly review of {digest}, with partner:bright-path." in late.err
    signed.done("agreement", "review-pack", digest, "--out", "@pack")
    sign = ("agreement", "sign-review", "@pack", "--conclusion", "amend", "--officer-key", "@piotr.pem")
    signed.done(*sign, "--out", "@review.json")
    signed.done("agreement", "reviewed", "@review.json")
    (owed,) = signed.done("obligation", "list")["obligations"]
    assert (owed["status"], owed["due"]) == ("not_due", "2028-10-05")


def test_a_document_that_does_not_hold_is_named_by_the_list(active: CommandLine) -> None:
    digest = agreement(active)
    why = ("--kind", "legal", "--since", "2026-10-01", "--reason", "Litigation")
    active.done("hold", "sign", digest, *why, "--officer-key", "@olivia.pem", "--out", "@hold.json")
    placed = active.done("hold", "place", "@hold.json")
    active.sql("ALTER TABLE agreements.document DISABLE TRIGGER USER")
    active.sql("UPDATE agreements.document SET idx = 3 WHERE kind = 'hold'")
    listed = active.run("obligation", "list")
    assert listed.data["refused"] == [{"agreement": digest, "document": placed["hold"], "code": "document_not_in_log"}]
    assert f"{placed['hold']} about {digest} does not hold" in listed.err
