"""The log: searched by what entries say, and one entry read, explained and proven in place."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query, Request, Response

from agreements.elements import DATASETS, Catalogue
from audit.entry import Entry, parse
from audit.errors import AuditError
from audit.events import Event
from audit.reading import leaf_at
from gateway.console.callers import LogReader
from gateway.console.desk import ConsoleDesk, names_of, partners_of, zone_of
from gateway.console.errors import BadSearch
from gateway.console.log_file import AT_ONCE, COLUMNS, MOST, Shown, found_after, log_file
from gateway.console.views import view
from gateway.errors import Sentence
from gateway.pages.languages import language_of, message, translations
from gateway.pages.listing import CSV
from gateway.services.accounting.proofs import Proof, prove_entries
from gateway.services.alarms import alarm
from gateway.services.analysis.one_entry import Again, MadeAgain, because_of, clause_of, made_again
from gateway.services.analysis.redeciding import DECISIONS
from gateway.services.errors import NothingSigned
from gateway.services.logkeys import log_keys_in
from gateway.services.obligations.history import driver_of
from gateway.services.searching.searches import Searches
from gateway.services.searching.sentences import words_for
from gateway.services.searching.wanted import Outcome, Wanted
from gateway.services.staff.session import Session
from gateway.signin.callers import form_of

_PAGE: Final = 50
AGAIN: Final = {
    Again.SAME: message("It comes out as it was written."),
    Again.DIFFERENT: message("It does not come out as it was written. Keep everything as it is, and check the log."),
    Again.NO_DECISION: message("This entry is no decision of the rules: there is nothing to decide again."),
    Again.EARLIER: message("An earlier release wrote it, which did not record what it decided by."),
    Again.LOST: message("It cannot be made again: something that it cites is not there any more."),
    Again.TOO_LONG: message("It took too long for a page. The command line has no limit: pactgate audit replay."),
}
_LONGEST: Final = 200
_ID: Final = re.compile(r"(?:client|partner):[a-z0-9-]+|sha256:[0-9a-f]{64}")
"""What stands for a program, a partner or an agreement in a sentence."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What stands in the fields of the search, as it was typed."""

    first: str = ""
    last: str = ""
    partner: str = ""
    dataset: str = ""
    element: str = ""
    outcome: str = ""
    event: str = ""
    code: str = ""

    @property
    def query(self) -> str:
        """The fields that are filled in, as a query string."""
        return urlencode({name: value for name in self.__dataclass_fields__ if (value := getattr(self, name))})

    def wanted(self, zone: ZoneInfo) -> Wanted:
        """Return the question, its days those of the district. Raises `BadSearch`."""
        return Wanted(
            since=_day(self.first, zone, message("From")),
            until=_day(self.last, zone, message("To"), ends=True),
            partners=(self.partner,) if self.partner else (),
            datasets=(self.dataset,) if self.dataset else (),
            elements=(self.element,) if self.element else (),
            events=(self.event,) if self.event else (),
            codes=(self.code,) if self.code else (),
            outcome=Outcome(self.outcome) if self.outcome in set(Outcome) else None,
        )


Index = Annotated[int, Path(ge=0, lt=2**62)]
Field = Annotated[str, Query(max_length=_LONGEST)]


def log_router(desk: ConsoleDesk) -> APIRouter:
    """Return the routes of the log."""
    router = APIRouter(include_in_schema=False)

    @router.get("/console/log", name="console_log")
    async def read_log(
        request: Request,
        staff: LogReader,
        *,
        first: Field = "",
        last: Field = "",
        partner: Field = "",
        dataset: Field = "",
        element: Field = "",
        outcome: Field = "",
        event: Field = "",
        code: Field = "",
        cursor: Annotated[str | None, Query(max_length=_LONGEST)] = None,
        download: Field = "",
    ) -> Response:
        """Search the log by what its entries say; students are searched for on their own page."""
        _, registry = await desk.read()
        zone = zone_of(registry)
        asked = Asked(first, last, partner, dataset, element.strip(), outcome, event, code.strip())
        catalogue, names = desk.office.desk.catalogue, names_of(registry)
        searches = Searches(desk.office)
        if download == CSV:
            said = translations(language_of(request)).gettext
            head = [said(each) for each in COLUMNS]
            first_of = await searches.search(asked.wanted(zone), limit=AT_ONCE)
            lines = found_after(searches, asked.wanted(zone), first_of)
            return log_file(head, lines, lambda each: _shown(each.index, parse(each.leaf), names, catalogue), zone)
        answer = await searches.search(asked.wanted(zone), limit=_PAGE, cursor=cursor)
        entries = [(each.index, parse(each.leaf)) for each in answer.found]
        return view(
            request,
            staff.session,
            "log",
            "log.html",
            zone=zone,
            asked=asked,
            entries=[_shown(index, entry, names, catalogue) for index, entry in entries],
            next=answer.next,
            most=MOST,
            partners=partners_of(registry),
            datasets=DATASETS,
            elements=sorted({each.name for each in catalogue}),
            events=sorted(each.value for each in Event),
        )

    @router.get("/console/log/{index}", name="console_entry")
    async def read_entry(request: Request, staff: LogReader, index: Index) -> Response:
        """Show an entry: what it says, how it was decided, and the proof that it is in the log."""
        return await _entry(request, staff.session, index)

    @router.post("/console/log/{index}/replay", name="console_replay")
    async def replay(request: Request, staff: LogReader, index: Index) -> Response:
        """Make the decision of an entry again, and say whether it comes out the same."""
        await form_of(request)
        return await _entry(request, staff.session, index, await made_again(desk.office, index, alarm))

    async def _entry(request: Request, session: Session, index: int, again: MadeAgain | None = None) -> Response:
        _, registry = await desk.read()
        async with desk.office.engine.connect() as connection:
            driver = await driver_of(connection)
            leaf = await leaf_at(driver, index)
            proof, why_not = None, ""
            try:
                verifier = (await log_keys_in(driver, desk.office.trust)).verifier
                (proof,) = await prove_entries(driver, verifier, [index], desk.tiles)
            except NothingSigned as error:
                why_not = str(error)
            except AuditError as error:
                why_not = f"{error.code}: {error}"
        entry = parse(leaf)
        return view(
            request,
            session,
            "log",
            "entry.html",
            zone=zone_of(registry),
            shown=_shown(index, entry, names_of(registry), desk.office.desk.catalogue),
            members=[(name, _text(value)) for name, value in sorted(entry.body.items())],
            raw=json.dumps(json.loads(leaf), indent=2, ensure_ascii=False, sort_keys=True),
            proof=proof,
            checkpoint=None if proof is None else _checkpoint(proof),
            why_not=why_not,
            because=because_of(entry, registry, desk.office.desk.catalogue),
            clause=clause_of(entry, registry),
            is_decision=entry.event in DECISIONS,
            again=again,
            agains=AGAIN,
        )

    return router


def _shown(index: int, entry: Entry, names: Mapping[str, str], catalogue: Catalogue) -> Shown:
    says = _ID.sub(lambda found: names.get(found[0], found[0]), words_for(entry, catalogue))
    return Shown(index, datetime.fromisoformat(entry.time), entry.event, says[:1].upper() + says[1:])


def _text(value: object) -> str:
    """Return the value of a member as a person reads it."""
    if isinstance(value, list):
        return ", ".join(_text(each) for each in value) or "-"
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _checkpoint(proof: Proof) -> tuple[int, int]:
    """Return how many entries the checkpoint covers, and how many hashes the path has."""
    return int(proof.receipt.checkpoint.splitlines()[1]), len(proof.receipt.path)


def _day(text: str, zone: ZoneInfo, label: str, *, ends: bool = False) -> datetime | None:
    """Return the first moment of a day, or (`ends`) the first one after it. Raises `BadSearch`."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text) + timedelta(days=1 if ends else 0)
    except (ValueError, OverflowError):
        raise BadSearch(Sentence("“%(field)s” takes a day such as 2026-09-01.", field=label)) from None
    return datetime.combine(day, time(), zone)
