"""The embedded server: who reaches it, where it refuses to live, and what it leaves behind (nothing)."""

import os
import pwd
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from gateway.store import program
from gateway.store.embedded import MAJOR_VERSION, EmbeddedPostgres, throw_away_postgres
from gateway.store.errors import DatabaseUnavailable, EmbeddedRefused
from gateway.store.program import Account, is_reachable, private_folder, programs, server_account
from gateway.store.session import connect
from tests.factories.database import TestServer

IS_ROOT = os.geteuid() == 0


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that the server's account can be let into, with nothing in it."""
    folder = private_folder(server_account(), in_memory=True)
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def _answer_as(account: str, sockets: Path, user: str) -> bytes:
    """Ask for a session as `user`, from the operating-system account `account`; returns the first answer."""
    names = f"user\0{user}\0database\0postgres\0\0".encode()
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(5)
        os.seteuid(pwd.getpwnam(account).pw_uid)
        try:
            client.connect(str(sockets / ".s.PGSQL.5432"))
        finally:
            os.seteuid(0)
        client.sendall(struct.pack("!II", 8 + len(names), 196_608) + names)
        return client.recv(4_096)


@pytest.mark.claim(12)
def test_another_account_of_the_machine_is_refused_twice_over(place: Path) -> None:
    with EmbeddedPostgres(place / "pg") as server:
        assert {path.stat().st_mode & 0o777 for path in (server.base, server.sockets, server.base / "data")} == {0o700}
        assert (server.sockets / ".s.PGSQL.5432").stat().st_mode & 0o077 == 0
        people = (server.base / "data" / "pg_ident.conf").read_text().split()
        assert people == ["pactgate", pwd.getpwuid(os.geteuid()).pw_name, "postgres"]
        if IS_ROOT:  # only root can act as somebody else
            with pytest.raises(PermissionError):
                _answer_as("nobody", server.sockets, "postgres")
            # With every folder thrown open the server itself still refuses.
            server.base.chmod(0o755)
            server.sockets.chmod(0o755)
            (server.sockets / ".s.PGSQL.5432").chmod(0o777)
            for user in ("postgres", "pactgate-db"):
                answer = _answer_as("nobody", server.sockets, user)
                assert answer[:1] == b"E"
                assert b"28000" in answer


async def test_the_bootstrap_superuser_needs_no_password_and_nobody_else_is_let_in_without(
    postgres: TestServer,
) -> None:
    async with connect(postgres.embedded.admin_url()) as admin:
        assert await admin.fetchval("SELECT session_user || current_setting('listen_addresses')") == "postgres"
        rules = await admin.fetch("SELECT type, database, user_name, auth_method FROM pg_hba_file_rules")
        assert [(row["type"], row["auth_method"]) for row in rules] == [
            ("local", "peer"),
            ("local", "scram-sha-256"),
            ("local", "reject"),
        ]
        assert sorted(rules[1]["user_name"]) == [
            "pactgate_app",
            "pactgate_auditor",
            "pactgate_loader",
            "pactgate_owner",
        ]


async def test_statements_and_their_values_stay_out_of_the_servers_log(postgres: TestServer) -> None:
    # Other tests of this process use the same server: only what is written from here on is judged.
    before = len(postgres.embedded.log.read_bytes())
    async with connect(postgres.embedded.admin_url()) as admin:
        for statement in ("SELECT 1/0 AS amadou_diallo", "SELECT 'amadou_diallo'::int", "SELECT amadou_diallo"):
            with pytest.raises(asyncpg.PostgresError):
                await admin.execute(statement)
        await admin.execute("CREATE TEMP TABLE t (name text UNIQUE); INSERT INTO t VALUES ('amadou_diallo')")
        with pytest.raises(asyncpg.UniqueViolationError):
            await admin.execute("INSERT INTO t VALUES ('amadou_diallo')")
    log = postgres.embedded.log.read_bytes()[before:].decode()
    assert "duplicate key" in log
    assert "Key (name)" not in log
    assert "INSERT" not in log


async def test_durability_switched_off_by_hand_is_back_at_the_next_start(place: Path) -> None:
    server = EmbeddedPostgres(place / "pg")
    with server:
        async with connect(server.admin_url()) as admin:
            await admin.execute("ALTER SYSTEM SET fsync = off")
            await admin.execute("ALTER SYSTEM SET listen_addresses = '*'")
    with server:
        async with connect(server.admin_url()) as admin:
            assert await admin.fetchval("SELECT current_setting('fsync')") == "on"
            assert await admin.fetchval("SELECT current_setting('listen_addresses')") == ""


def test_starting_opens_no_folder_that_was_there(place: Path) -> None:
    closed = place / "mine"
    closed.mkdir()
    closed.chmod(0o751)
    before = {path: path.stat().st_mode for path in (closed, *closed.parents)}
    with EmbeddedPostgres(closed / "made" / "pg"):
        assert {path: path.stat().st_mode for path in before} == before


def test_a_folder_its_account_cannot_enter_is_refused_and_stays_closed(place: Path) -> None:
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    if not IS_ROOT:
        closed.chmod(0o000)
    mode = closed.stat().st_mode
    with pytest.raises(EmbeddedRefused) as refused:
        EmbeddedPostgres(closed / "pg").start()
    assert "PACTGATE_POSTGRES" in refused.value.remedy
    assert closed.stat().st_mode == mode
    closed.chmod(0o700)
    assert list(closed.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_refused(place: Path) -> None:
    (place / "file").touch()
    with pytest.raises(EmbeddedRefused, match="cannot keep its data") as refused:
        EmbeddedPostgres(place / "file" / "pg").start()
    assert "PACTGATE_POSTGRES" in refused.value.remedy


def test_data_of_another_version_is_refused_and_kept(place: Path) -> None:
    (place / "pg" / "data").mkdir(parents=True)
    (place / "pg" / "data" / "PG_VERSION").write_text("14\n")
    with pytest.raises(EmbeddedRefused, match=f"PostgreSQL 14; the embedded server is {MAJOR_VERSION}"):
        EmbeddedPostgres(place / "pg").start()
    assert (place / "pg" / "data" / "PG_VERSION").exists()


def test_a_cluster_that_cannot_start_says_what_the_server_said(place: Path) -> None:
    server = EmbeddedPostgres(place / "pg")
    with server:
        pass
    (place / "pg" / "data" / "global" / "pg_control").unlink()
    with pytest.raises(EmbeddedRefused, match="could not start") as refused:
        server.start()
    assert "pg_control" in str(refused.value)
    assert str(server.log) in refused.value.remedy
    server.stop()


def test_a_start_that_died_half_way_is_begun_anew(place: Path) -> None:
    (place / "pg" / "data" / "base").mkdir(parents=True)
    with EmbeddedPostgres(place / "pg") as server:
        assert server.sockets == place / "pg" / "socket"


def test_a_long_path_gets_a_short_private_socket_folder_which_goes_with_the_server(place: Path) -> None:
    server = EmbeddedPostgres(place / ("long" * 20) / "pg")
    with server:
        sockets = server.sockets
        assert not sockets.is_relative_to(place)
        assert sockets.stat().st_mode & 0o777 == 0o700
    assert not sockets.exists()


async def test_the_last_holder_stops_the_server_and_no_other(place: Path) -> None:
    first, second = EmbeddedPostgres(place / "pg"), EmbeddedPostgres(place / "pg")
    first.start()
    url = first.admin_url()
    second.start()
    first.stop()
    first.stop()
    async with connect(url) as admin:
        assert await admin.fetchval("SELECT 1") == 1
    second.stop()
    with pytest.raises(DatabaseUnavailable):
        async with connect(url):
            pass


def test_a_killed_holder_leaves_nothing_that_keeps_the_server_running(place: Path) -> None:
    hold = "import sys, time; from pathlib import Path; from gateway.store.embedded import EmbeddedPostgres as E;"
    hold += "E(Path(sys.argv[1])).start(); print('up', flush=True); time.sleep(60)"
    other = subprocess.Popen([sys.executable, "-c", hold, place / "pg"], stdout=subprocess.PIPE, cwd=Path.cwd())
    assert other.stdout is not None
    with other:
        assert other.stdout.readline() == b"up\n"
        server = EmbeddedPostgres(place / "pg")
        server.start()
        pid = server.pid
        other.send_signal(signal.SIGKILL)
    server.stop()
    assert not (server.base / "data" / "postmaster.pid").exists()
    assert not _is_postgres(pid)


def test_starting_at_the_same_time_makes_one_server(place: Path) -> None:
    servers = [EmbeddedPostgres(place / "pg") for _ in range(4)]
    threads = [threading.Thread(target=server.start) for server in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({(server.base / "data" / "postmaster.pid").read_text() for server in servers}) == 1
    for server in servers:
        server.stop()
    assert not (place / "pg" / "data" / "postmaster.pid").exists()


def test_a_throw_away_server_leaves_neither_process_nor_folder() -> None:
    with throw_away_postgres() as server:
        pid = server.pid
        parent = server.base.parent
    assert not parent.exists()
    assert not _is_postgres(pid)


def test_a_throw_away_server_goes_even_if_its_holder_is_killed() -> None:
    hold = "import time; from gateway.store.embedded import throw_away_postgres as t\n"
    hold += "with t(in_memory=True) as s: print(s.pid, s.base.parent, flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", hold], stdout=subprocess.PIPE, cwd=Path.cwd(), text=True) as holder:
        assert holder.stdout is not None
        pid, parent = holder.stdout.readline().split()
        assert _is_postgres(int(pid))
        holder.send_signal(signal.SIGKILL)
    for _ in range(300):
        if not _is_postgres(int(pid)) and not Path(parent).exists():
            break
        time.sleep(0.1)
    assert not _is_postgres(int(pid))
    assert not Path(parent).exists()


def test_programs_in_a_closed_folder_are_copied_not_opened(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    account = server_account()
    monkeypatch.setattr(program, "is_reachable", lambda path, _account: path.is_relative_to(place))
    copied = programs(account, place)
    assert copied.is_relative_to(place)
    assert programs(account, place) == copied  # the second time nothing is copied
    monkeypatch.undo()
    said = subprocess.run([copied / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    assert f" {MAJOR_VERSION}." in said
    assert subprocess.run([copied / "initdb", "--version"], capture_output=True, check=True).stdout


def test_a_machine_without_the_wheel_is_told_what_to_install(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "find_spec", lambda _name: None)
    with pytest.raises(EmbeddedRefused) as refused:
        programs(server_account(), place)
    assert "make setup" in refused.value.remedy


def test_a_machine_without_a_temporary_folder_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "is_reachable", lambda _path, _account: False)
    with pytest.raises(EmbeddedRefused, match="temporary folder"):
        private_folder(server_account())


@pytest.mark.parametrize(("mode", "owner", "group", "stranger"), [(0o700, 1, 0, 0), (0o710, 1, 1, 0), (0o701, 1, 0, 1)])
def test_who_may_walk_down_a_folder_is_read_from_its_mode(
    place: Path, mode: int, owner: int, group: int, stranger: int
) -> None:
    folder = place / "x"
    folder.mkdir()
    folder.chmod(mode)
    found = folder.stat()
    target = folder / "y" / "z"
    assert is_reachable(target, Account("owner", found.st_uid, 54_321)) == owner
    assert is_reachable(target, Account("group", 54_321, found.st_gid)) == group
    assert is_reachable(target, Account("stranger", 54_321, 54_321)) == stranger


def _is_postgres(pid: int) -> bool:
    """Whether the process still runs; one that ended and waits to be collected by the system does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return "(postgres)" in status and status.rsplit(")", 1)[1].split()[0] != "Z"
