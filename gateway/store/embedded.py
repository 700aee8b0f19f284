"""
A PostgreSQL server of our own, for when no URL names one: demos, tests, a small district.

It listens on a unix socket in a folder only its account can enter, never on the network. `postgres` is reached only by
the operating-system account that runs Pactgate (peer), the four roles only by password (scram-sha-256), everyone else
not at all. Durability is PostgreSQL's default: on.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from gateway.store.errors import EmbeddedRefused
from gateway.store.holders import Holders
from gateway.store.program import Account, is_reachable, private_folder, programs, server_account

SUPERUSER = "postgres"
MAJOR_VERSION = "18"
_ROLES = "pactgate_owner,pactgate_app,pactgate_loader,pactgate_auditor"
_SOCKET_PATH_LIMIT = 100
"""Bytes of a unix socket's path that every platform takes (Linux 107, macOS 103), less room for PostgreSQL's suffix."""

_ACCESS = f"""\
# Written by Pactgate at every start.
# TYPE  DATABASE  USER                    METHOD
local   all       {SUPERUSER:<22}  peer map=pactgate
local   all       {_ROLES}  scram-sha-256
local   all       all                     reject
"""

_CONFIGURATION = """\
# Written by Pactgate at every start. Durability is left at PostgreSQL's defaults: everything on.
listen_addresses = ''
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
password_encryption = 'scram-sha-256'
max_connections = 200
timezone = 'UTC'
log_timezone = 'UTC'
# Statements and the details of errors hold rows about students: they stay out of the server's log.
log_statement = 'none'
log_min_error_statement = panic
log_error_verbosity = terse
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
"""


class EmbeddedPostgres:
    """
    One server with its data below `base`.

    Several processes may hold it: the first starts it, the last to call `stop` (or to die) lets it go. Who holds it is
    known by locks the kernel gives back, so a killed holder leaves nothing stale.
    """

    def __init__(self, base: Path) -> None:
        self.base = base.expanduser().absolute()
        self._data = self.base / "data"
        self._account: Account | None = None
        self._programs: Path | None = None
        self._holders = Holders(self.base)

    def __enter__(self) -> Self:
        """Start, or join the server that runs already."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of the server."""
        self.stop()

    def start(self) -> None:
        """
        Start the server, or join it when another process runs it.

        Raises `EmbeddedRefused`, saying what to do, when the place or the account will not do.
        """
        self._account = account = server_account()
        _require_reachable(self.base, account)
        try:
            _make(self.base)
            _give(self.base, account)
            self.base.chmod(0o700)
        except OSError as error:
            raise EmbeddedRefused(
                f"The embedded PostgreSQL cannot keep its data in {self.base}: {error.strerror}.",
                remedy="Set PACTGATE_POSTGRES to a folder this account may write to.",
            ) from None
        with self._holders.alone():
            self._programs = programs(account, self.base)
            self._require_version()
            self._holders.join()
            try:
                if not self._is_running():
                    self._initialise()
                    self._configure()
                    self._control("start", "-l", str(self.log))
            except BaseException:
                self._holders.leave()
                raise

    def stop(self) -> None:
        """Let go of the server, and stop it when nobody else holds it. Doing so twice is harmless."""
        if not self._holders.is_held:
            return
        with self._holders.alone():
            try:
                if self._holders.is_last() and self._is_running():
                    sockets = self.sockets
                    self._control("stop", "-m", "fast")
                    if sockets.parent != self.base:
                        shutil.rmtree(sockets, ignore_errors=True)
            finally:
                self._holders.leave()

    def remove(self) -> None:
        """Stop the server and remove everything it kept. For throw-away databases only."""
        self.stop()
        shutil.rmtree(self.base, ignore_errors=True)

    @property
    def sockets(self) -> Path:
        """The folder of the server's socket, as the running server states it."""
        # postmaster.pid: pid, data, start time, port, socket folder, listen address, shared memory, status.
        return Path((self._data / "postmaster.pid").read_text().splitlines()[4])

    @property
    def pid(self) -> int:
        """The number of the running server's first process."""
        return int((self._data / "postmaster.pid").read_text().split()[0])

    @property
    def log(self) -> Path:
        """The server's own log file."""
        return self.base / "log"

    def admin_url(self, database: str = SUPERUSER) -> str:
        """Return the superuser's URL; it works only for the operating-system account that runs Pactgate."""
        return f"postgresql://{SUPERUSER}@/{database}?host={self.sockets}"

    def url(self, role: str, password: str, database: str) -> str:
        """Return the URL of one of the four roles."""
        return f"postgresql://{role}:{quote(password, safe='')}@/{database}?host={self.sockets}"

    def _require_version(self) -> None:
        mark = self._data / "PG_VERSION"
        if mark.exists() and (found := mark.read_text().strip()) != MAJOR_VERSION:
            raise EmbeddedRefused(
                f"{self._data} was made by PostgreSQL {found}; the embedded server is {MAJOR_VERSION}.",
                remedy="Move the data with pg_dump and pg_restore, or set PACTGATE_POSTGRES to another folder.",
            )

    def _is_running(self) -> bool:
        return self._data.exists() and self._run("pg_ctl", "status", "-D", str(self._data)).returncode == 0

    def _initialise(self) -> None:
        if (self._data / "PG_VERSION").exists():
            return
        shutil.rmtree(self._data, ignore_errors=True)  # a start that died half-way left no cluster
        done = self._run(
            "initdb", "-D", str(self._data), "-U", SUPERUSER, "--auth-local=peer", "--auth-host=reject",
            "--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
            "--no-instructions",
        )  # fmt: skip
        self._require_done(done, "create its data folder")

    def _configure(self) -> None:
        sockets = self.base / "socket"
        if len(os.fsencode(sockets / ".s.PGSQL.5432")) > _SOCKET_PATH_LIMIT:
            sockets = private_folder(self._server)
        sockets.mkdir(mode=0o700, exist_ok=True)
        sockets.chmod(0o700)
        people = f"pactgate {pwd.getpwuid(os.geteuid()).pw_name} {SUPERUSER}\n"
        self._write("pg_hba.conf", _ACCESS)
        self._write("pg_ident.conf", people)
        self._write("postgresql.auto.conf", "")
        self._write("postgresql.conf", _CONFIGURATION.format(sockets=sockets))
        _give(sockets, self._server)

    def _write(self, name: str, text: str) -> None:
        path = self._data / name
        path.write_text(text)
        path.chmod(0o600)
        _give(path, self._server)

    def _control(self, action: str, *options: str) -> None:
        done = self._run("pg_ctl", action, "-w", "-t", "60", "-s", "-D", str(self._data), *options)
        self._require_done(done, action)

    @property
    def _server(self) -> Account:
        assert self._account is not None, "start() comes first"
        return self._account

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        assert self._programs is not None, "start() comes first"
        account = self._server
        # As root the program runs as the server's account and inherits nothing of ours but PATH and TMPDIR.
        identity = {"user": account.uid, "group": account.gid, "extra_groups": []} if os.geteuid() == 0 else {}
        with tempfile.TemporaryFile() as output:  # a pipe would stay open in the server that pg_ctl leaves behind
            done = subprocess.run(  # type: ignore[call-overload]  # noqa: S603 - the wheel's own programs, no shell
                (str(self._programs / program), *arguments),
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, check=False, cwd=self.base,
                env={"LC_ALL": "C", "PATH": os.defpath}, **identity,
            )  # fmt: skip
            output.seek(0)
            return subprocess.CompletedProcess(done.args, done.returncode, output.read())

    def _require_done(self, done: subprocess.CompletedProcess[bytes], action: str) -> None:
        if done.returncode == 0:
            return
        said = done.stdout.decode(errors="replace").strip()
        if self.log.exists():
            said = f"{said} {self.log.read_text(errors='replace')[-600:].strip()}"
        raise EmbeddedRefused(
            f"The embedded PostgreSQL could not {action}. It said: {said}",
            remedy=f"See {self.log}; free disk space and shared memory help, or name a server in PACTGATE_ADMIN_URL.",
        )


@contextmanager
def throw_away_postgres(*, in_memory: bool = False) -> Iterator[EmbeddedPostgres]:
    """
    Run a server of its own for the length of a block, then stop it and remove all it kept.

    With `in_memory` its files are in memory if there is room; its settings, durability included, are the same.
    """
    parent = private_folder(server_account(), in_memory=in_memory)
    parent.chmod(0o711)  # the server's own folder below it is 0700
    server = EmbeddedPostgres(parent / "pg")
    try:
        server.start()
        with _ending_with_us(server, parent):
            yield server
    finally:
        server.remove()
        shutil.rmtree(parent, ignore_errors=True)


@contextmanager
def _ending_with_us(server: EmbeddedPostgres, parent: Path) -> Iterator[None]:
    """
    See to it that the server ends and its folder goes even if this process is killed in the block.

    A shell waits on a pipe that only we hold open. However we die, the kernel closes it and the shell acts.
    """
    act = 'read -r _; kill -QUIT "$1"; rm -rf "$2" || { sleep 1; rm -rf "$2"; }'
    words = ("sh", "-c", act, "sh", str(server.pid), str(parent))
    with subprocess.Popen(words, stdin=subprocess.PIPE, start_new_session=True) as waiting:  # noqa: S603 - fixed words
        try:
            yield
        finally:
            waiting.kill()


def _require_reachable(base: Path, account: Account) -> None:
    if not is_reachable(base, account):
        raise EmbeddedRefused(
            f"The embedded PostgreSQL runs as {account.name}, which cannot enter a folder above {base}. "
            "Pactgate does not open folders that it did not make.",
            remedy="Set PACTGATE_POSTGRES to a short path outside any home folder, such as /var/lib/pactgate/postgres.",
        )


def _make(folder: Path) -> None:
    """Make the folder and what is missing above it, searchable by the server's account whatever the umask says."""
    for missing in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
        missing.mkdir(exist_ok=True)
        missing.chmod(0o711)


def _give(path: Path, account: Account) -> None:
    if os.geteuid() == 0:
        os.chown(path, account.uid, account.gid)
