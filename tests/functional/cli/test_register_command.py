"""`pactgate agreement register`: the public register as a folder that any web server can serve."""

import csv
import json

import pytest

from tests.factories.command_line import CommandLine
from tests.factories.public_register import Page

WRITE = ("agreement", "register", "--out", "@site")


def site(desk: CommandLine) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (desk.folder / "site").iterdir()}


@pytest.mark.ferpa("A10")
def test_a_signed_draft_is_not_written_and_an_agreement_in_force_is(signed: CommandLine) -> None:
    done = signed.done(*WRITE)
    assert (done["agreements"], done["files"]) == (0, ["index.html", "register.css", "register.csv", "register.json"])
    signed.approve()
    digest = signed.activate()
    done = signed.done(*WRITE)
    assert done["agreements"] == 1
    found = site(signed)
    assert set(found) == set(done["files"])
    page = f"sha256-{digest.removeprefix('sha256:')}.html"
    assert digest in Page(found[page]).root.words
    assert page in {link.attributes["href"] for link in Page(found["index.html"]).all("a")}
    (row,) = csv.DictReader(found["register.csv"].decode().splitlines())
    (listed,) = json.loads(found["register.json"])["agreements"]
    assert row["digest"] == listed["digest"] == digest


@pytest.mark.claim(9)
@pytest.mark.ferpa("A10")
def test_nobody_is_named_in_any_file(active: CommandLine) -> None:
    digest = active.done("agreement", "show")[0]["digest"]
    (client,) = active.done("agreement", "show", digest)["clients"]
    active.done(*WRITE)
    secret = {active.public(name) for name in ("olivia", "piotr", "dana", "rae")}
    secret |= {"Olivia", "Okafor", "Piotr", "Nowak", "Remy Responsible", "remy@partner.example", "Bright Path nightly"}
    secret |= {client["id"], client["id"].removeprefix("client:")}
    for name, body in site(active).items():
        for words in secret:
            assert words not in body.decode(), (name, words)


def test_a_page_that_is_no_longer_in_the_register_goes_and_nothing_else_does(active: CommandLine) -> None:
    active.done(*WRITE)
    stale = f"site/sha256-{'0' * 64}.html"
    for name in (stale, "site/notes.html", "site/sha256-0.html"):
        active.write(name, "mine")
    active.write("site/index.html", "an older one")
    done = active.done(*WRITE)
    assert done["removed"] == 1
    found = site(active)
    assert not (active.folder / stale).exists()
    assert (found["notes.html"], found["sha256-0.html"]) == (b"mine", b"mine")
    assert Page(found["index.html"]).all("h1")[0].words == "Data sharing agreements"
    assert (active.folder / "site" / "index.html").stat().st_mode & 0o777 == 0o644


def test_a_folder_that_cannot_be_made_is_said_so(active: CommandLine) -> None:
    active.write("site", "a file in the way")
    assert "cannot be made" in active.refused(*WRITE)
