"""Naming witnesses, and what is known about each: for officers, as the loader role."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.signature import Envelope
from agreements.witnessing import VerifiedWitnesses, verify_witnesses
from audit.batch import Session
from audit.cosignature import WitnessVerifier
from audit.cosigning import newest_cosigned
from audit.errors import NoteInvalid
from audit.events import Event
from gateway.services.errors import WitnessKeyRefused
from gateway.services.filing import Desk
from gateway.services.witnessing.window import Standing, Window

_TIME_AT = "SELECT convert_from(leaf, 'UTF8')::jsonb ->> 'time' FROM audit.entry WHERE idx = $1"


@dataclass(frozen=True, slots=True)
class WitnessLine:
    """One named witness: what it cosigned last, and when by its own clock."""

    name: str
    url: str
    vkey: str
    cosigned: int | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class WitnessReport:
    """
    Who must cosign, and the unwitnessed window: the newest `entries` of the log, since `since`.

    Whoever holds the gateway's keys could rewrite exactly these. `discloses` says whether records leave now, as far as
    witnesses go, and `until` until when without another cosignature.
    """

    naming: str | None
    holds: bool
    must_cosign: int | None
    hours: int | None
    witnesses: tuple[WitnessLine, ...]
    entries: int
    since: str | None
    discloses: bool
    until: datetime | None


def keys_of(naming: VerifiedWitnesses) -> Mapping[WitnessVerifier, str]:
    """Return the keys of the named witnesses, each with its address. Raises `WitnessKeyRefused`."""
    try:
        return {WitnessVerifier.parse(place.vkey): place.url for place in naming.witnesses.witnesses}
    except NoteInvalid as error:
        raise WitnessKeyRefused(f"A witness's key cannot be used: {error}.") from None


class Namings:
    """Names witnesses and tells how they stand."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def register(self, document: Envelope) -> int:
        """
        Bring a naming into force; return the entry. Raises an `AgreementError`, `WitnessKeyRefused`.

        The hours run from this entry: a witness that never answers stops disclosure when they are over.
        """
        async with self._desk.filing() as filing:
            naming = verify_witnesses(
                filing.filed(document), filing.registry.witnesses.newest, authority=filing.authority
            )
            keys = keys_of(naming)
            return await filing.file(
                Event.WITNESSES_NAMED,
                document,
                concerns=None,
                witnesses=[each.signer for each in keys],
                must_cosign=naming.witnesses.must_cosign,
                hours=naming.witnesses.hours,
                officers=sorted(officer.key.thumbprint for officer in naming.officers),
            )

    async def report(self) -> WitnessReport:
        """Tell who is named, what each cosigned, and what no witness has seen yet."""
        moment, registry = await self._desk.registry()
        named = registry.witnesses
        async with self._desk.engine.connect() as connection:
            session = await _session(connection)
            seen, window = 0, Window()
            lines: tuple[WitnessLine, ...] = ()
            if named.current is not None:
                keys = keys_of(named.current)
                cosigned = await newest_cosigned(session, self._desk.trust.origin, keys)
                found = Standing(named.current, keys, cosigned).seen
                window.extend(found, named.current.witnesses.hours)
                seen = min(found.size, moment.size)
                lines = tuple(
                    WitnessLine(
                        name=key.name,
                        url=url,
                        vkey=key.vkey,
                        cosigned=cosigned[key.signer].size if key.signer in cosigned else None,
                        at=datetime.fromtimestamp(cosigned[key.signer].time, UTC) if key.signer in cosigned else None,
                    )
                    for key, url in keys.items()
                )
            elif named.newest is not None:
                window.close()
            since = await session.fetchval(_TIME_AT, seen)
        terms = None if named.current is None else named.current.witnesses
        return WitnessReport(
            naming=named.newest,
            holds=named.current is not None or named.newest is None,
            must_cosign=None if terms is None else terms.must_cosign,
            hours=None if terms is None else terms.hours,
            witnesses=lines,
            entries=moment.size - seen,
            since=since,
            discloses=window.is_open(moment.now),
            until=window.until,
        )


async def _session(connection: AsyncConnection) -> Session:
    """Return the driver's own connection: what reads the log speaks to that."""
    raw = await connection.get_raw_connection()
    session: Session = raw.driver_connection  # type: ignore[assignment] # asyncpg's, by the URL
    return session
