"""The machine: what it is, who runs on which core, and how much processor time each process used."""

import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from math import isnan
from pathlib import Path
from time import monotonic, sleep

import httpx2

SERVER_CORE, LOAD_CORE = 0, 1
PACKAGES = ("fastapi", "starlette", "pydantic", "uvicorn", "uvloop", "sqlalchemy", "asyncpg", "psycopg", "msgspec")
_START_SECONDS = 60
_TICKS = os.sysconf("SC_CLK_TCK")


def pin(core: int, process: int) -> None:
    """Keep a process, and what it starts from now on, on one core, where the machine has two of them."""
    if can_pin():
        os.sched_setaffinity(process, {sorted(os.sched_getaffinity(0))[core]})


def can_pin() -> bool:
    """Say whether server and load can have a core each."""
    return hasattr(os, "sched_getaffinity") and len(os.sched_getaffinity(0)) > LOAD_CORE


@contextmanager
def server(words: Sequence[str], environment: Mapping[str, str], url: str, log: Path) -> Iterator[int]:
    """Run a server for the length of a block, on the server's core, and end it; yields its process id."""
    with log.open("wb") as said, subprocess.Popen(words, env=environment, stdout=said, stderr=said) as process:
        try:
            pin(SERVER_CORE, process.pid)
            _wait_for(url, process, log)
            yield process.pid
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_for(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = monotonic() + _START_SECONDS
    while process.poll() is None and monotonic() < until:
        try:
            httpx2.get(url, timeout=5)
        except httpx2.HTTPError:
            sleep(0.1)
        else:
            return
    raise RuntimeError(f"{url} does not answer: {log.read_text(errors='replace')[-2_000:]}")


def processor_seconds(process: int) -> float:
    """Return the processor time a process has used so far; nan where /proc does not tell."""
    found = _stat(process)
    return float("nan") if found is None else (int(found[11]) + int(found[12])) / _TICKS


def running_seconds(process: int) -> float:
    """
    Return how long a process has been on a core so far, to the nanosecond (Linux, `/proc/PID/schedstat`).

    Others on the machine do not lengthen it as they do a wall clock. Nan where /proc does not tell.
    """
    try:
        return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e9
    except OSError:
        return float("nan")


def database_running_seconds(backend: int) -> float:
    """Return how long all living processes of the server that `backend` is one of have been on a core so far."""
    each = [running_seconds(process) for process in _family(backend)]
    return sum(seconds for seconds in each if not isnan(seconds)) if each else float("nan")


def database_seconds(backend: int) -> float:
    """Return the processor time of the whole database server that `backend` is a process of; nan without /proc."""
    own = _stat(backend)
    if own is None:
        return float("nan")
    postmaster = int(own[1])
    living = [found for each in _family(backend) if (found := _stat(each)) is not None]
    ticks = sum(int(found[11]) + int(found[12]) for found in living)
    ended = _stat(postmaster) or []
    return (ticks + sum(int(each) for each in ended[11:15])) / _TICKS


def _family(backend: int) -> list[int]:
    """Return the processes that have the same parent as `backend`; none without /proc."""
    own = _stat(backend)
    if own is None:
        return []
    processes = [int(each.name) for each in Path("/proc").glob("[0-9]*")]
    known = {process: found for process in processes if (found := _stat(process)) is not None}
    return [process for process, found in known.items() if found[1] == own[1]]


def _stat(process: int) -> list[str] | None:
    """Return the fields of /proc/PID/stat from the state on (proc(5)): 1 is the parent, 11 to 14 are times in ticks."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def facts() -> dict[str, str]:
    """Return what a reader must know of the machine to judge a number; asked before anything runs."""
    said = _lines(Path("/proc/cpuinfo"))
    models = [line.partition(":")[2].strip() for line in said if line.startswith("model name")]
    where = f"server on core {SERVER_CORE}, load on core {LOAD_CORE}, PostgreSQL on all"
    return {
        "machine": f"{platform.system()} {platform.release()}, {os.cpu_count()} cores, {(models or ['?'])[0]}",
        "python": sys.version.split()[0],
        **{name: version(name) for name in PACKAGES},
        "where": where if can_pin() else "not pinned: no two cores",
        "load before": " ".join(f"{each:.2f}" for each in os.getloadavg()),
    }


def _lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []
