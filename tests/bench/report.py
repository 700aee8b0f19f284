"""What a run prints: the machine, the table with its ratios, and where the time goes."""

import sys
from collections.abc import Mapping, Sequence
from statistics import median

import msgspec

from tests.bench.load import Result
from tests.bench.stages import Stages

BARE, UNCHECKED, UNLOGGED, GATEWAY = ROUTES = ("bare", "unchecked", "unlogged", "gateway")
PROVEN = (UNLOGGED, GATEWAY)
"""Routes that ask for a token and a proof."""
WHAT = {
    BARE: "bare FastAPI `def` + ORM + response model",
    UNCHECKED: "asyncpg + msgspec, nothing checked",
    UNLOGGED: "Pactgate, its pages not put on the log",
    GATEWAY: "Pactgate, everything on",
}


class Measured(msgspec.Struct):
    """One repetition of one route. Processor time is in microseconds an answer, of the server and of PostgreSQL."""

    route: str
    connections: int
    result: Result
    server_us: float
    database_us: float


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def told(one: Measured) -> None:
    """Print one repetition as it comes."""
    say(
        f"  c{one.connections:<3} {one.route:<10} {one.result.rate:8.0f}/s  p50 {one.result.p50_ms:6.1f} ms"
        f"  p99 {one.result.p99_ms:6.1f} ms  server {one.server_us:5.0f} us  database {one.database_us:5.0f} us"
    )


def show(facts: Mapping[str, str], measured: Sequence[Measured], stages: Stages) -> None:
    """Print everything."""
    say("")
    for name, value in facts.items():
        say(f"{name + ':':<20} {value}")
    for connections in dict.fromkeys(each.connections for each in measured):
        _table(connections, [each for each in measured if each.connections == connections])
    say("\nOne request at a time, in process, medians: microseconds of wall clock, and of this process's processor")
    for name, wall, own in stages.lines:
        say(f"  {name:<34} {wall:7.0f} {own:7.0f}")


def _table(connections: int, measured: Sequence[Measured]) -> None:
    rates = {route: median(one.result.rate for one in measured if one.route == route) for route in ROUTES}
    say(f"\nc{connections:<3} {'':<44} rps  all repetitions        p50 ms   p99 ms  server us  database us    bytes")
    for route in ROUTES:
        own = sorted((one for one in measured if one.route == route), key=lambda one: one.result.rate)
        middle = own[len(own) // 2]
        every = " ".join(f"{one.result.rate:.0f}" for one in own)
        say(
            f"     {WHAT[route]:<42} {rates[route]:6.0f}  {every:<20} {middle.result.p50_ms:8.1f} "
            f"{middle.result.p99_ms:8.1f} {middle.server_us:10.0f} {middle.database_us:12.0f}"
            f" {middle.result.body_bytes:8}"
        )
    say(
        f"     Pactgate / bare {rates[GATEWAY] / rates[BARE]:.2f}, Pactgate / unchecked"
        f" {rates[GATEWAY] / rates[UNCHECKED]:.2f}, log on / log off {rates[GATEWAY] / rates[UNLOGGED]:.2f}"
    )
