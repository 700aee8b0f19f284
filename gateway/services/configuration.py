"""
What a process decides by besides signed documents: on record in the log, and kept by digest, before it decides.

A later release brings another catalogue, other guardrails and other time zones. Each decision names the entry that
recorded the ones it was made by, so it can be decided again from exactly those (claim 6).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import Final

from sqlalchemy import ARRAY, LargeBinary, bindparam, select, text
from sqlalchemy.dialects.postgresql import insert as insert_once
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.elements import Catalogue, load_catalogue
from audit.change import append_change
from audit.entry import Entry, leaf, parse
from audit.errors import LeafRefused
from audit.events import Event
from gateway.records.transforms import CODE_VERSION
from gateway.store.tables import configuration as recorded
from gateway.store.tables import input_kept
from policies.engine import MODEL_DIGEST
from policies.guardrails import Guardrails, load_guardrails
from policies.zones import PINNED, Zones

RECORDED: Final = f'"event":"{Event.CONFIGURATION_RECORDED.value}"'.encode()
"""What stands in the leaf of every entry that recorded a configuration; in another one only if it is text there."""
_ONE_AT_A_TIME: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('pactgate.configuration', 0))")
_NEWEST: Final = text(
    """SELECT c.idx, e.leaf FROM gateway.configuration c JOIN audit.entry e ON e.idx = c.idx
    WHERE position(:recorded IN e.leaf) > 0 ORDER BY c.idx DESC LIMIT 1"""
).bindparams(bindparam("recorded", RECORDED, type_=LargeBinary))
_THERE: Final = text("SELECT digest FROM gateway.input WHERE digest = ANY(:digests)").bindparams(
    bindparam("digests", type_=ARRAY(LargeBinary))
)
_CLOCK: Final = select(text("gateway.clock()"))


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything that decisions of one process rest on and that nobody signed."""

    catalogue: Catalogue
    guardrails: Guardrails
    zones: Zones = PINNED

    @property
    def facts(self) -> Mapping[str, object]:
        """What the entry says: digests of what is kept, and versions of the code that reads it."""
        return {
            "catalogue": self.catalogue.digest,
            "earlier": list(self.catalogue.earlier),
            "engine": f"pycasbin {version('pycasbin')}",
            "guardrails": self.guardrails.digest,
            "model": MODEL_DIGEST,
            "release": version("pactgate"),
            "transforms": CODE_VERSION,
            "tzdata": self.zones.release,
            "zones": self.zones.digest,
        }

    @property
    def inputs(self) -> Mapping[bytes, bytes]:
        """The content of every digest among the facts, by that digest."""
        model = files("policies").joinpath("model.conf").read_bytes()
        return {
            _digest(self.catalogue.digest): self.catalogue.canonical,
            _digest(self.guardrails.digest): self.guardrails.canonical,
            _digest(MODEL_DIGEST): model,
            _digest(self.zones.digest): self.zones.canonical,
        }


@cache
def shipped() -> Configuration:
    """Return what this release brings."""
    return Configuration(load_catalogue(), load_guardrails())


async def reserve_configuration(connection: AsyncConnection) -> None:
    """Let nobody else record one before this transaction ends; for those who lock the log's head first otherwise."""
    await connection.execute(_ONE_AT_A_TIME)


async def record_configuration(connection: AsyncConnection, configuration: Configuration) -> int:
    """
    Return the entry that says what is decided by; write it if the newest one says something else.

    In the caller's transaction, as a role that may append; the epoch moves only if something is written.
    """
    await reserve_configuration(connection)
    # (1): the content first. Content nobody names is harmless; an entry must never name what is not there.
    await _keep(connection, configuration.inputs)
    newest = (await connection.execute(_NEWEST)).one_or_none()
    entry = None if newest is None else recorded_by(newest.leaf)
    # (2): the row is believed as far as its entry says the same.
    if newest is not None and entry is not None and entry.body == configuration.facts:
        return int(newest.idx)
    now = (await connection.execute(_CLOCK)).scalar_one()
    # (3): other guardrails are an event of their own: officers look for it.
    if entry is not None and (was := entry.body["guardrails"]) != configuration.guardrails.digest:
        changed = leaf(Event.GUARDRAILS_CHANGED, now, was=was, guardrails=configuration.guardrails.digest)
        await append_change(connection, changed)
    index = await append_change(connection, leaf(Event.CONFIGURATION_RECORDED, now, **configuration.facts))
    # (4): who may add notes may have noted an entry that was not there yet. Its own entry says what it is (2).
    await connection.execute(insert_once(recorded).values(idx=index).on_conflict_do_nothing())
    return index


def recorded_by(written: bytes) -> Entry | None:
    """Return the entry in these bytes if it recorded a configuration."""
    try:
        entry = parse(written)
    except LeafRefused:
        return None
    return entry if entry.event == Event.CONFIGURATION_RECORDED else None


async def _keep(connection: AsyncConnection, inputs: Mapping[bytes, bytes]) -> None:
    there = set(await connection.scalars(_THERE, {"digests": list(inputs)}))
    for digest, content in inputs.items():
        if digest not in there:
            kept = insert_once(input_kept).values(digest=digest, content=content)
            await connection.execute(kept.on_conflict_do_nothing())


def _digest(said: str) -> bytes:
    return bytes.fromhex(said.removeprefix("sha256:"))
