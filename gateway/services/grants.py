"""
Decisions at the current epoch: one state an epoch, swapped whole, never refreshed by a timer.

What is known may be one epoch behind; that is harmless, because the rows bring their own epoch and are thrown away if
it is another, and because a denial is never given before the epoch was read anew.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from agreements.elements import Catalogue, load_catalogue
from agreements.trust import Trust
from gateway.caller import AnyCaller, BearerCaller, Caller
from gateway.problems import Problem
from gateway.services.alarms import alarm
from gateway.services.attended import require_attended
from gateway.services.bound import NotBound, require_bound
from gateway.services.integrity.denying import stops_of
from gateway.services.integrity.findings import Finding
from gateway.services.law import LawInForce
from gateway.services.standing.registry import Moment, Registry, read_moment
from gateway.services.standing.snapshot import RegistryReader
from policies.decide import decide
from policies.decision import Denied, Permit
from policies.guardrails import Guardrails, load_guardrails
from policies.memo import Memo
from policies.reasons import MEMORY_DIFFERS
from policies.recheck import EVERY, Recheck
from policies.request import AccessRequest
from policies.state import PolicyState, Tables

TOKEN_OVER = "token_over"  # noqa: S105 - a code
"""The code of the refusal of a token that was ended before its time."""
_TABLES = 4_096
"""Tables of Casbin's answers kept, a few kilobytes each."""


class Grants:
    """Holds the newest state this process has seen. Everything in it was verified."""

    def __init__(
        self,
        engine: AsyncEngine,
        trust: Trust,
        *,
        configuration: int | None = None,
        catalogue: Catalogue | None = None,
        guardrails: Guardrails | None = None,
        elapsed: Callable[[], float] = time.monotonic,
        recheck_every: int = EVERY,
    ) -> None:
        """
        Start with nothing known. `guardrails` are those of this release, without what stewards classify.

        `configuration` is the entry that recorded what is in force now; without one it is recorded when it is needed.
        """
        self._catalogue = catalogue or load_catalogue()
        self._law = LawInForce(engine, self._catalogue, guardrails or load_guardrails(), configuration)
        self._engine = engine.execution_options(isolation_level="REPEATABLE READ")
        # Every token looks, by one statement: BEGIN and ROLLBACK round it would cost as much again.
        self._looking = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._reader = RegistryReader(trust, self._catalogue, alarm)
        self._tables: Tables = Memo(_TABLES)
        self._recheck = Recheck(alarm, recheck_every)
        self._elapsed = elapsed
        self._registry: Registry | None = None
        self._renewing, self._catching_up = asyncio.Lock(), asyncio.Lock()
        self._state: PolicyState | None = None
        self._judged: Registry | None = None
        self._distrusted: frozenset[Finding] = frozenset()
        self._clock = Moment(-1, datetime.min.replace(tzinfo=UTC))
        self._read_at = 0.0

    async def decide(self, request: AccessRequest) -> tuple[Permit | Denied, Moment]:
        """
        Judge `request`; return the decision, with the epoch and the clock it was made by.

        A permit is good only together with rows of its epoch, read while it is valid. Raises what `policies.decide`
        raises for names that nobody has.
        """
        if not self._is_caught_up:
            # After a stop everybody finds out at once: one catches up, whoever waited finds it done.
            async with self._catching_up:
                if not self._is_caught_up:
                    await self.current()
        if self._state is not None and self._is_caught_up:
            now = self._now()
            decision = decide(self._state, request, now)
            # What is remembered was found wrong: this request is refused, and asking again would only hide it.
            if isinstance(decision, Permit) or decision.facts.get("alarm") == MEMORY_DIFFERS:
                return decision, Moment(self._state.epoch, now)
        # About to be refused: only what the database says now may refuse.
        state, moment = await self.current()
        return decide(state, request, moment.now), moment

    def require_bound(self, caller: AnyCaller, now: datetime) -> None:
        """
        Check that the caller's key may still be used, from there, and for the person whom its token names.

        After a decision: by the registry that it was made by, or a newer one. What came after that is found by the
        append, as for the decision itself. The place of a caller without a key was judged by the decision. Raises
        `NotBound`.
        """
        judged = self._judged
        if judged is None:
            return
        if isinstance(caller, Caller):
            require_bound(judged.granted.get(caller.agreement), caller, now)
        require_attended(judged, caller, now)

    @property
    def guardrails(self) -> Guardrails:
        """The district's guardrails, by which everything is decided."""
        return self._law.guardrails

    @property
    def configuration(self) -> int:
        """The entry that recorded what is decided by."""
        return self._law.configuration

    def basis_of(self, agreement: str) -> str | None:
        """Return the basis of an agreement in force, as far as it was read last; None if there is none."""
        granted = None if self._registry is None else self._registry.granted.get(agreement)
        return None if granted is None else granted.document.basis

    def line_of(self, agreement: str) -> str | None:
        """Return the line of an agreement in force: the id that all its versions share; None if there is none."""
        granted = None if self._registry is None else self._registry.granted.get(agreement)
        return None if granted is None else granted.document.id

    def over(self, caller: AnyCaller) -> Problem | None:
        """
        Return the refusal of a token that was ended before its time, None while it stands; ask after a decision.

        INVARIANT: the registry is at least as new as whatever was decided by. That a token is over is never undone, so
        a newer registry than that of the decision refuses rightly too.
        """
        registry = self._registry
        if registry is None or registry.ended_tokens.has(caller):
            return Problem(TOKEN_OVER)
        if isinstance(caller, BearerCaller) and caller.secret not in {each.entry for each in registry.secrets}:
            return Problem(TOKEN_OVER)
        return None

    def against(self, caller: AnyCaller, now: datetime) -> Problem | None:
        """Return what stands against the caller's token, its key or its place; None if nothing does."""
        over = self.over(caller)
        if over is not None:
            return over
        try:
            self.require_bound(caller, now)
        except NotBound as refusal:
            return refusal
        return None

    def observe(self, epoch: int, now: datetime) -> None:
        """Take note of the epoch and the clock that came with rows; a state of another epoch is used no more."""
        self._clock, self._read_at = Moment(max(epoch, self._clock.epoch), now), self._elapsed()

    def distrust(self, findings: frozenset[Finding]) -> None:
        """Stop what these findings concern, from the next request on, until others are given."""
        self._distrusted = findings
        self._forget()

    async def current(self) -> tuple[PolicyState, Moment]:
        """Return the state of the epoch the database is at, with the moment of that snapshot."""
        registry, moment = await self.registry()
        while not self._law.is_recorded(registry):
            # What is written moves the epoch: the registry is another one then.
            await self._law.record(registry)
            registry, moment = await self.registry()
        if self._state is None or self._state.epoch < moment.epoch or self._is_other(registry, moment):
            self._state, self._judged = self._state_at(moment.epoch, registry), registry
        self.observe(moment.epoch, moment.now)
        return (self._state if self._state.epoch == moment.epoch else self._state_at(moment.epoch, registry)), moment

    async def moment(self) -> Moment:
        """Return the epoch and the clock, and nothing else."""
        async with self._looking.connect() as connection:
            return await read_moment(connection)

    async def registry(self, *, anew: bool = False) -> tuple[Registry, Moment]:
        """
        Return what is in force now, for those who need the documents and not a decision.

        `anew` reads it although nothing seems to have changed: what was deleted past the log is found that way only.
        """
        async with self._looking.connect() as connection:
            moment, version = await self._reader.look(connection)
        if self._registry is not None and self._registry.is_of(moment, version) and not anew:
            return self._registry, moment
        # One reads and verifies what is new. Whoever waits finds it done, so that a stop under load costs it once.
        async with self._renewing, self._engine.connect() as connection:
            moment, found = await self._reader.read(connection, None if anew else self._registry)
            if self._registry is None or not found.says_the_same(self._registry):
                self._registry = found
                if self._is_other(found, moment):
                    self._forget()
            return self._registry, moment

    def _forget(self) -> None:
        """Decide anew although the epoch is the same: Casbin's answers are kept by epoch."""
        self._state = None
        self._tables.clear()

    @property
    def _is_caught_up(self) -> bool:
        return self._state is not None and self._state.epoch == self._clock.epoch

    def _is_other(self, registry: Registry, moment: Moment) -> bool:
        """Return whether the state is of this epoch but of another registry: somebody wrote past the log."""
        return self._state is not None and self._state.epoch == moment.epoch and registry is not self._judged

    def _state_at(self, epoch: int, registry: Registry) -> PolicyState:
        return PolicyState(
            epoch=epoch,
            clients=registry.clients,
            granted=registry.granted,
            suspensions=(*registry.suspensions, *stops_of(self._distrusted, registry)),
            catalogue=self._catalogue,
            guardrails=self._law.of(registry),
            tables=self._tables,
            recheck=self._recheck,
        )

    def _now(self) -> datetime:
        return self._clock.now + timedelta(seconds=self._elapsed() - self._read_at)
