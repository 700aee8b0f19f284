"""What an operator and two officers type before and after a disaster, and to erase a student."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.factories.command_line import CommandLine

NEW = "pactgate.test/emerald-city-2"
ENDED = """UPDATE records.frontier SET batch = batch + 1;
    UPDATE records.student SET to_batch = (SELECT batch FROM records.frontier) WHERE student_identifier = '7001';
    UPDATE records.enrollment SET to_batch = (SELECT batch FROM records.frontier)
    WHERE student_id = (SELECT student_id FROM records.identity WHERE student_identifier = '7001')"""


@pytest.fixture
def restored(active: CommandLine) -> Iterator[CommandLine]:
    """The same installation, its URLs naming a new and empty database."""
    name = f"{active.database}_restored"
    asyncio.run(active.server.create(name, template=None))
    yield CommandLine.on(active.server, name, active.folder)
    asyncio.run(active.server.drop(name))


def _grow(desk: CommandLine) -> None:
    """Append an entry; the command that does it keeps the head."""
    digest = str(desk.done("agreement", "show")[0]["digest"])
    desk.done("agreement", "suspend", digest, "--reason", "to look into something")


@pytest.mark.claim(5)
@pytest.mark.claim(7)
def test_no_older_copy_undoes_what_the_office_did_while_nothing_served(active: CommandLine) -> None:
    kept = active.folder / "home" / "checkpoint"
    _grow(active)
    assert int(kept.read_text().splitlines()[1]) == active.found("SELECT size FROM audit.head")
    # A command that wrote nothing keeps nothing, and one that cannot sign says so and stands.
    before = kept.read_text()
    active.done("agreement", "show")
    assert kept.read_text() == before
    (active.folder / "home" / "keys" / "checkpoint.key").write_text("spoilt")
    client = active.found("SELECT id FROM gateway.client")
    outcome = active.run("client", "suspend", client, "--reason", "x")
    assert (outcome.code, kept.read_text()) == (0, before)
    assert "was not kept outside the database" in outcome.err


@pytest.mark.claim(5)
def test_a_backup_and_its_restore(active: CommandLine, restored: CommandLine) -> None:
    active.done("audit", "verify")
    made = active.done("backup", "@copy")
    assert made["size"] == active.found("SELECT size FROM audit.head")
    assert "there already" in active.refused("backup", "@copy")
    assert "not empty" in active.refused("restore", "@copy")
    restored.refused("restore", "@copy", "--digest", "12", code=2)
    assert "another backup" in restored.refused("restore", "@copy", "--digest", "sha256:" + "0" * 64)
    assert "no manifest" in restored.refused("restore", "@home")
    done = restored.done("restore", "@copy", "--verify", "--digest", made["backup"])
    assert (done["continues"], done["rechecked"], done["erased"]) == (True, True, 0)
    assert done["backup"] == made["backup"]
    restored.done("db", "check")
    assert len(restored.done("agreement", "show")) == 1


@pytest.mark.claim(5)
def test_a_restore_where_nothing_was_kept_says_so(active: CommandLine, restored: CommandLine) -> None:
    active.done("backup", "@copy")
    for name in ("checkpoint", "checkpoint.edge"):
        (active.folder / "home" / name).unlink(missing_ok=True)
    outcome = restored.run("restore", "@copy")
    assert outcome.code == 0
    assert "nothing tells whether this copy is the newest" in outcome.err


@pytest.mark.claim(5)
@pytest.mark.claim(12)
def test_entries_are_lost_and_two_officers_go_on(active: CommandLine, restored: CommandLine) -> None:
    declare = ("recovery", "declare", "--origin", NEW, "--reason", "the disk failed")
    active.done("audit", "verify")
    active.done("agreement", "show")
    assert "nothing is lost" in active.refused(*declare, "--officer-key", "@olivia.pem", "--out", "@r.json")
    old = active.done("backup", "@old")
    _grow(active)
    # The old copy can be looked at, and nothing is written to it.
    outcome = restored.run("restore", "@old", "--verify")
    assert outcome.code == 0
    assert "Restored for reading only" in outcome.err
    assert outcome.data["continues"] is False
    assert restored.done("audit", "verify")["size"] == old["size"]
    assert "does not continue" in restored.refused("agreement", "show")
    # Two officers declare what is lost, and go on.
    declared = restored.done(*declare, "--officer-key", "@olivia.pem", "--out", "@recovery.json")
    assert (declared["left"], declared["kept"] > declared["left"]) == (old["size"], True)
    assert "two officers" in restored.refused("recovery", "open", "@recovery.json", "--yes")
    outcome = restored.run("recovery", "sign", "@recovery.json", "--officer-key", "@piotr.pem")
    assert outcome.code == 0
    assert f"goes on from the {old['size']} entries" in outcome.err
    restored.refused("recovery", "open", "@recovery.json", typed="n\n")
    done = restored.done("recovery", "open", "@recovery.json", typed="y\n")
    assert (done["origin"], done["entry"]) == (NEW, old["size"])
    assert done["lost_at_least"] == declared["kept"] - declared["left"]
    assert restored.done("audit", "verify")["origin"] == NEW
    assert len(restored.done("agreement", "show")) == 1
    # With what the machine kept before, the other database is refused for good.
    assert "otherwise than the trust file says" in active.refused("agreement", "show")
    # A backup of the recovered log is restored as any other.
    again = restored.done("backup", "@new")
    assert again["origin"] == NEW


@pytest.mark.ferpa("N3")
def test_two_officers_erase_a_student_of_whom_nothing_is_kept(active: CommandLine) -> None:
    digest = str(active.done("agreement", "show")[0]["digest"])
    both = ("--mapping", "@facts.toml", "--mapping", "@lists.toml")
    active.done("records", "load", "@export", *both, "--agreements", f"bright={digest}")
    write = ("records", "erasure", "--reason", "the retention is over", "--officer-key", "@olivia.pem")
    assert "is kept" in active.refused(*write, "--out", "@e.json", typed="7001\n")
    active.write("none.txt", "\n\n")
    assert "names no student" in active.refused(*write, "--out", "@e.json", "--students", "@none.txt")
    active.sql(ENDED)
    active.write("gone.txt", "7001\n")
    written = active.done(*write, "--out", "@erasure.json", "--students", "@gone.txt")
    assert written["students"] == 1
    assert "two officers" in active.refused("records", "erase", "@erasure.json", "--yes")
    outcome = active.run("records", "sign-erasure", "@erasure.json", "--officer-key", "@piotr.pem")
    assert "1 student(s). the retention is over" in outcome.err
    active.refused("records", "erase", "@erasure.json", typed="n\n")
    done = active.done("records", "erase", "@erasure.json", typed="y\n")
    assert done["students"] == 1
    assert active.found("SELECT count(*) FROM records.identity WHERE student_identifier = '7001'") == 0
    assert (active.folder / "home" / "erasures").read_text().count("\n") == 1
    assert active.done("audit", "verify")["holds"]
