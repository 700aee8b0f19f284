"""Reading what was promised: one snapshot of the register, the clients, and the entries said to have brought them."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.elements import Catalogue
from agreements.register import load_register
from agreements.trust import Trust
from audit.entry import Entry, parse
from audit.errors import LeafRefused
from audit.events import Event
from audit.store import IS_CHANGE
from gateway.problems import Problem
from gateway.services.standing.access import Access
from gateway.services.standing.classifying import classified_codes
from gateway.services.standing.emergencies import emergency_orders
from gateway.services.standing.ended_tokens import ended_tokens
from gateway.services.standing.judging import Judging
from gateway.services.standing.logged import as_logged
from gateway.services.standing.partners import Partners
from gateway.services.standing.promises import Promises
from gateway.services.standing.registry import Alarm, Moment, Read, Registry
from gateway.services.standing.remembered import Remembered
from gateway.services.standing.secrets import secrets_of
from gateway.services.standing.staffing import staff_roles
from gateway.services.standing.witnesses import named_witnesses

# Never beyond the log: a row dated ahead of it would be the newest for ever, and hide every stop. With one, all is read
# anew at each entry, and alarms each time.
_LOOK: Final = text("""SELECT epoch, size, gateway.clock() AS now, least(size, greatest(
    (SELECT max(idx) FROM agreements.document), (SELECT max(idx) FROM agreements.status),
    (SELECT max(idx) FROM gateway.client), (SELECT max(idx) FROM gateway.client_status),
    (SELECT max(idx) FROM gateway.partner_status), (SELECT max(idx) FROM gateway.staff_identity),
    (SELECT max(idx) FROM gateway.staff_stop), (SELECT max(idx) FROM gateway.fetched_keys), -1)) AS version
    FROM audit.head""")
_CLIENTS: Final = text("SELECT id, name, binding, agreement, idx FROM gateway.client ORDER BY idx")
_CLIENT_STATUS: Final = text("SELECT client, idx FROM gateway.client_status WHERE status = 'suspended' ORDER BY idx")
_PARTNER_STATUS: Final = text("SELECT partner, idx FROM gateway.partner_status WHERE status = 'suspended' ORDER BY idx")
_STAFF_LINKS: Final = text("SELECT person, party, issuer, subject, salt, idx FROM gateway.staff_identity ORDER BY idx")
_STAFF_STOPS: Final = text("SELECT subject, idx FROM gateway.staff_stop ORDER BY idx")
_FETCHED: Final = text("SELECT binding, idx, content FROM gateway.fetched_keys ORDER BY idx")
_ENTRIES: Final = text(f"SELECT idx, leaf FROM audit.entry WHERE {IS_CHANGE}")  # noqa: S608 - our own condition


class RegistryReader:
    """Reads registries. What was verified once is kept: a verification depends on nothing but what it is given."""

    def __init__(self, trust: Trust, catalogue: Catalogue, alarm: Alarm) -> None:
        self._trust = trust
        self._catalogue = catalogue
        self._alarm = alarm
        self._remembered = Remembered()
        self._parsed: dict[bytes, Entry] = {}

    def branch(self, alarm: Alarm) -> "RegistryReader":
        """Return another reader for what stood once, which need not verify again what this one did."""
        other = RegistryReader(self._trust, self._catalogue, alarm)
        other._remembered, other._parsed = self._remembered.branch(), dict(self._parsed)
        return other

    async def read(self, connection: AsyncConnection, known: Registry | None = None) -> tuple[Moment, Registry]:
        """
        Return the moment and what is in force; `known` again, if nothing of it changed.

        The caller's transaction must be one snapshot (REPEATABLE READ), or hold the head lock, or that of filing: then
        nothing but a stop can come between two of its statements, and a stop only takes away.
        """
        moment, version = await self.look(connection)
        if known is not None and known.is_of(moment, version):
            return moment, known
        return moment, self.judge(await self.everything(connection, version, moment.epoch))

    async def everything(self, connection: AsyncConnection, version: int, epoch: int = -1) -> Read:
        """Return all that is registered, believing nothing of it; in one snapshot, as `read`."""
        register = await load_register(connection)
        clients = tuple((await connection.execute(_CLIENTS)).mappings().all())
        stops = tuple((await connection.execute(_CLIENT_STATUS)).mappings().all())
        partner_stops = tuple((await connection.execute(_PARTNER_STATUS)).mappings().all())
        links = tuple((await connection.execute(_STAFF_LINKS)).mappings().all())
        staff_stops = tuple((await connection.execute(_STAFF_STOPS)).mappings().all())
        fetched = tuple((await connection.execute(_FETCHED)).mappings().all())
        entries = await self._entries(connection)
        return Read(version, register, clients, stops, partner_stops, entries, epoch, links, staff_stops, fetched)

    def judge(self, read: Read) -> Registry:
        """Return what is in force by what was read, now or as it stood once."""
        read = as_logged(read, self._alarm)
        with self._remembered.generation():
            judging = Judging(read, self._trust, self._catalogue, self._alarm, self._remembered)
            partners = Partners(judging)
            promises = Promises(judging, partners)
            access = Access(judging, promises)
            orders = emergency_orders(judging)
            witnesses = named_witnesses(judging, partners)
            staff = staff_roles(judging)
            codes = classified_codes(judging)
        return Registry(
            version=read.version,
            granted=access.granted,
            clients=access.clients,
            suspensions=(*promises.suspensions, *access.suspensions),
            history=access.history,
            authority=judging.authority,
            register=read.register,
            debarments=partners.debarments,
            successions=partners.successions,
            emergency_orders=orders,
            epoch=read.epoch,
            witnesses=witnesses,
            staff=staff,
            undertakings=access.undertakings,
            ended_tokens=ended_tokens(read.entries),
            secrets=secrets_of(read.entries),
            codes=codes,
            configurations={
                index: entry.body
                for index, entry in read.entries.items()
                if entry.event == Event.CONFIGURATION_RECORDED
            },
        )

    @staticmethod
    async def look(connection: AsyncConnection) -> tuple[Moment, int]:
        """
        Return the moment, and the version of what is in force, without reading it.

        One statement, and so one snapshot in any transaction or none. Raises `Problem` if the log was never opened.
        """
        head = (await connection.execute(_LOOK)).one_or_none()
        if head is None:
            raise Problem("log_unavailable")
        return Moment(head.epoch, head.now, head.size), head.version

    async def _entries(self, connection: AsyncConnection) -> dict[int, Entry]:
        """
        Return the entries that no request wrote, as far as they can be read: among them all that stopped anything.

        All of them and not those that rows point to: a row that was deleted points nowhere.
        """
        rows = (await connection.execute(_ENTRIES)).all()
        parsed: dict[bytes, Entry] = {}
        found = {}
        for row in rows:
            try:
                parsed[row.leaf] = found[row.idx] = self._parsed.get(row.leaf) or parse(row.leaf)
            except LeafRefused:
                continue
        self._parsed = parsed
        return found
