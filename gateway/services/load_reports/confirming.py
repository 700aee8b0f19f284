"""
From a held load to its confirmation: the document that two people sign, and the one they have signed.

INVARIANT: a document that stands here as a paper gives nothing. The load verifies it as any other, and takes it once.
"""

from datetime import date

from agreements.documents.load_confirmation import Confirmable, read_load_confirmation
from agreements.signature import Envelope, Kind
from gateway.services.confirmations import confirmation_bytes
from gateway.services.errors import NoDistrict, NothingHeld
from gateway.services.load_reports.kept import LoadReports
from gateway.services.office import Office
from gateway.services.papers.judging import PaperLine
from gateway.services.papers.papers import Papers


class Confirming:
    """Confirmations of the loads of one installation that are held."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._papers = Papers(office)

    async def draft(self, number: int, reason: str) -> tuple[date, bytes]:
        """
        Return the day, and the bytes of what two people sign to let the held load of this report through.

        Raises `UnknownLoadReport`, `NothingHeld`, `NoDistrict` before an agreement names the district,
        `InvalidDocument`.
        """
        report = await LoadReports(self._office.engine).report(number)
        if not report.line.waits or report.content.described is None:
            raise NothingHeld(f"The load of report {number} is not held.")
        moment, registry = await self._office.desk.registry()
        newest = max(registry.history.values(), key=lambda each: each.activated, default=None)
        if newest is None:
            raise NoDistrict("No agreement names the district yet.")
        district, day = newest.verified.agreement.district.id, moment.received.day
        return day, confirmation_bytes(district, day, report.content.described, reason)

    async def waiting(self, load: Confirmable) -> tuple[PaperLine, ...]:
        """Return the papers that confirm exactly this load, and that no load has taken yet."""
        _, registry = await self._office.desk.registry()
        used = {each.digest for each in registry.register.stored}
        listed = [each for each in await self._papers.listed() if each.kind is Kind.LOAD_CONFIRMATION]
        return tuple([each for each in listed if each.digest not in used and await self._is_of(each, load)])

    async def signed(self, load: Confirmable) -> Envelope | None:
        """Return a paper that confirms exactly this load and that everybody signed who must; None if there is none."""
        complete = [each for each in await self.waiting(load) if each.is_complete]
        return (await self._papers.paper(complete[0].digest)).envelope if complete else None

    async def _is_of(self, line: PaperLine, load: Confirmable) -> bool:
        payload = (await self._papers.paper(line.digest)).envelope.payload
        return read_load_confirmation(payload).load == load
