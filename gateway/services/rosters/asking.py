"""One request of a partner about a roster: who asks, what stands against it, and its entries."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from audit.commitments import Private, commit_subjects
from audit.events import Event
from audit.log import Log
from gateway.caller import AnyCaller
from gateway.problems import Problem
from gateway.records.subjects import NUMBER_BYTES
from gateway.services.denials import problem_of, standing_against
from gateway.services.entries import draft_for, salts_for
from gateway.services.grants import Grants
from gateway.services.standing.registry import Moment
from policies.told import told_of_denial


@dataclass(frozen=True, slots=True)
class Desk:
    """What answers: who may ask, and where it is put on record."""

    grants: Grants
    log: Log
    random: Callable[[int], bytes] = field(repr=False)


class Asking:
    """A request, and what its entries have in common. `query` is what they commit to, and names nobody."""

    def __init__(self, desk: Desk, caller: AnyCaller, query: str, request_id: str) -> None:
        self._desk = desk
        self._caller = caller
        self._request_id = request_id
        self._salts: Private = salts_for(query, desk.random)

    async def admitted(self) -> Moment:
        """Check that nothing stands against the caller; return the moment. Raises `Problem`, on the log first."""
        state, moment = await self._desk.grants.current()
        stop = standing_against(state, self._caller, moment.now)
        if stop is not None:
            await self.append(Event.REFUSAL, moment, **told_of_denial(stop))
            raise problem_of(stop)
        against = self._desk.grants.against(self._caller, moment.now)
        if against is not None:
            await self.refuse(against, moment)
            raise against
        return moment

    async def refuse(self, refusal: Problem, moment: Moment) -> None:
        """Put a refusal on the log before anyone is told (claim 4). Raises the log's errors."""
        await self.append(Event.REFUSAL, moment, code=refusal.recorded)

    async def append_read(self, moment: Moment, roster: int, numbers: bytes, read_epoch: int | None = None) -> None:
        """Put on record that it was asked how a roster stands, and beside it whose record codes are told."""
        listed = commit_subjects(self._salts.row_secret, numbers).hex()
        told = {"submission": roster, "records": len(numbers) // NUMBER_BYTES, "listed": listed}
        await self.append(Event.ROSTER_READ, moment, subjects=numbers, read_epoch=read_epoch, **told)

    async def append(
        self,
        event: Event,
        moment: Moment,
        *,
        subjects: bytes = b"",
        read_epoch: int | None = None,
        **body: Any,  # noqa: ANN401 - members of an entry
    ) -> int:
        """Write an entry of the request; return it. Raises `EpochMoved`, and the log's other errors."""
        draft = draft_for(
            self._caller,
            event,
            moment.now,
            self._salts,
            request_id=self._request_id,
            configuration=self._desk.grants.configuration,
            subjects=subjects,
            read_epoch=read_epoch,
            epoch=moment.epoch,
            **body,
        )
        return (await self._desk.log.append(draft)).index
