"""A watched folder, as it stands on a server: real loads, a database that is busy, a stop in the middle of a load."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.factories.command_line import EXPORT, FACTS, CommandLine

WAITED = 30.0
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


@pytest.fixture
def drop(active: CommandLine) -> Path:
    (active.folder / "drop").mkdir()
    return active.folder / "drop"


def lay(active: CommandLine, name: str) -> None:
    shutil.copytree(active.folder / "export", active.folder / "drop" / name)


def reports(drop: Path, where: str) -> list[dict[str, object]]:
    return [json.loads(each.read_text()) for each in sorted((drop / where).glob("*.report.json"))]


def until(happened: Callable[[], object]) -> None:
    end = time.monotonic() + WAITED
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


@contextmanager
def watching(active: CommandLine) -> Iterator[subprocess.Popen[str]]:
    """Run the command as a service manager does; it is ended by its own number at the end."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PACTGATE_")}
    words = ["records", "watch", str(active.folder / "drop"), "--mapping", str(active.folder / "facts.toml")]
    running = subprocess.Popen(
        [sys.executable, "-m", "gateway", *words, "--rest", "0", "--every", "0.05"],
        env={**kept, **active.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield running
    finally:
        if running.poll() is None:
            running.kill()
        running.communicate()


@contextmanager
def holding(active: CommandLine, statement: str) -> Iterator[None]:
    """Keep what a statement locks, in a transaction of its own."""
    with psycopg.connect(active.server.url("owner", active.database)) as connection:
        connection.execute(statement)
        yield


def test_each_export_goes_where_it_belongs_and_the_exit_code_tells_a_timer(active: CommandLine, drop: Path) -> None:
    watch = ("records", "watch", "@drop", "--mapping", "@facts.toml", "--once", "--rest", "0")
    lay(active, "monday")
    active.done(*watch)
    (report,) = reports(drop, "done")
    assert (report["export"], report["outcome"]) == ("monday", "loaded")
    assert active.found("SELECT count(*) FROM records.student") == 3
    entries = active.found("SELECT size FROM audit.head")
    # A night without students would end most of what is there: held, and for a person to confirm.
    active.export_files(students="number,first,last,born\n", enrollments="number,school,year,in\n")
    lay(active, "tuesday")
    outcome = active.run(*watch)
    assert outcome.code == 1
    assert "tuesday: held" in outcome.err
    (held,) = reports(drop, "refused")
    assert (held["outcome"], held["code"]) == ("held", "load_held")
    assert "--confirm" in str(held["reason"])
    assert active.found("SELECT size FROM audit.head") == entries
    # A cell that cannot be read, and every row is asked to be good.
    active.export_files(
        students=EXPORT["students.csv"].replace("2011-05-06", "=6 May 2011"), enrollments=EXPORT["enrollments.csv"]
    )
    lay(active, "wednesday")
    assert active.run(*watch, "--strict").code == 1
    assert [each["outcome"] for each in reports(drop, "refused")] == ["held", "refused"]
    assert "students:3: 'born' is no date" in str(reports(drop, "refused")[1]["refused"])
    (rows,) = (drop / "refused").glob("*wednesday.refused.csv")
    assert "'=9 xxx 9999" in rows.read_text()
    assert "6 May" not in "".join(each.read_text() for each in drop.glob("*/*.report.json"))


@pytest.mark.claim(7)
def test_an_export_of_codes_that_nobody_classified_is_put_away_and_the_next_one_is_loaded(
    active: CommandLine, drop: Path
) -> None:
    numbers = range(8001, 8013)
    active.export_files(
        students="number,first,last,born\n" + "".join(f"{each},Ana,Ruizdottir,2012-07-08\n" for each in numbers),
        enrollments="number,school,year,in,way\n"
        + "".join(f"{each},ECS-101,2026-2027,2026-09-01,Zed\n" for each in numbers),
    )
    active.write("ways.toml", FACTS.replace('entry_date = "in"', 'entry_date = "in", exit_type = "way"'))
    # And a file whose name is of a system that knows one byte a letter.
    (active.folder / "export" / os.fsdecode(b"Ni\xf1o.csv")).write_text("a\n1\n")
    for name in ("monday", "tuesday"):
        lay(active, name)
    assert active.run("records", "watch", "@drop", "--mapping", "@ways.toml", "--once", "--rest", "0").code == 0
    found: Any = reports(drop, "done")
    assert [each["export"] for each in found] == ["monday", "tuesday"]
    assert [each["unclassified"]["codes"] for each in found[0]["loads"]] == [
        [{"element": "000110", "rows": 10, "value": "Zed"}]
    ]
    assert any(name.startswith("Ni") for name in found[0]["loads"][0]["unread"])


@pytest.mark.claim(7)
def test_an_export_that_was_taken_back_counts_again_though_it_was_loaded_before(
    active: CommandLine, drop: Path
) -> None:
    named = ("--agreements", f"bright={active.done('agreement', 'show')[0]['digest']}")
    both = ("--mapping", "@facts.toml", "--mapping", "@lists.toml", *named)
    watch = ("records", "watch", "@drop", *both, "--once", "--rest", "0")
    covered = []
    three = {
        name: EXPORT[f"{name}.csv"] + EXPORT[f"{name}.csv"].splitlines()[-1].replace("7002", "7003") + "\n"
        for name in ("roster", "consents")
    }
    for night, changed in (("monday", {}), ("tuesday", three), ("wednesday", {})):
        active.export_files(**changed)
        if night == "wednesday":  # what else is wrong with it keeps no list from being read
            (active.folder / "export" / "schools.csv").unlink()
        lay(active, night)
        active.run(*watch)
        covered.append(active.done("agreement", "show")[0]["covered_today"])
    assert covered == [2, 3, 2]
    (refused,) = reports(drop, "refused")
    assert (refused["export"], refused["code"]) == ("wednesday", "bad_source")
    loads: Any = refused["loads"]
    assert [each["loaded"] for each in loads] == [False, True]


def test_a_folder_that_is_not_there_and_a_mapping_that_is_wrong_are_said_at_once(active: CommandLine) -> None:
    active.refused("records", "watch", "@nowhere", "--mapping", "@facts.toml", code=2)
    assert "nowhere.toml cannot be read" in active.refused(
        "records", "watch", "@export", "--mapping", "@nowhere.toml", "--once"
    )


def test_a_watcher_goes_on_until_it_is_stopped_and_a_load_it_was_in_leaves_nothing(
    active: CommandLine, drop: Path
) -> None:
    with watching(active) as running:
        lay(active, "monday")
        until(lambda: reports(drop, "done"))
        batches = active.found("SELECT count(*) FROM records.batch WHERE idx IS NOT NULL")
        # Whatever comes next waits for the log's head, which somebody else holds: a load in its last step.
        with holding(active, "SELECT size FROM audit.head FOR UPDATE"):
            active.export_files(students=EXPORT["students.csv"].replace("Bo,", "Bob,"))
            lay(active, "tuesday")
            until((drop / ".taken" / "tuesday").exists)
            until(lambda: active.found(WAITING, role="admin"))
            running.send_signal(signal.SIGTERM)
            assert running.wait(WAITED) == 0
    assert sorted(each.name for each in drop.iterdir() if not each.name.startswith(".")) == [
        "done",
        "refused",
        "tuesday",
    ]
    assert active.found("SELECT count(*) FROM records.batch WHERE idx IS NOT NULL") == batches
    active.done("records", "watch", "@drop", "--mapping", "@facts.toml", "--once", "--rest", "0")
    assert [each["export"] for each in reports(drop, "done")] == ["monday", "tuesday"]


def test_a_load_that_another_one_keeps_waiting_is_tried_again(active: CommandLine, drop: Path) -> None:
    lay(active, "monday")
    watch = ("records", "watch", "@drop", "--mapping", "@facts.toml", "--once", "--rest", "0")
    with holding(active, "SELECT pg_advisory_lock(hashtextextended('pactgate.load', 0))"):
        outcome = active.run(*watch)
        assert outcome.code == 0
        assert "It is tried again" in outcome.err
        assert (drop / "monday").is_dir()
    active.done(*watch)
    assert [each["outcome"] for each in reports(drop, "done")] == ["loaded"]
