"""Which agreements were promised, and how long each counts: versions that take over, masters, stops."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Final

from agreements.authority import Filed
from agreements.errors import AgreementError
from agreements.in_force import VerifiedAgreement, verify_agreement
from agreements.lifecycle import Move, Standing, standing
from agreements.register import Registered
from agreements.signature import Kind
from audit.events import Event
from gateway.services.standing.judging import Judging, texts
from gateway.services.standing.partners import Partners
from gateway.services.standing.registry import Promised, claimed, claims_of
from policies.compile import Suspension

NEVER: Final = datetime.min.replace(tzinfo=UTC)
OVER: Final = frozenset({Standing.TERMINATED, Standing.CLOSED})


class Promises:
    """The agreements of one pass, in the order in which they were activated."""

    def __init__(self, judging: Judging, partners: Partners) -> None:
        self._judging = judging
        self._partners = partners
        self._stops: dict[str, int] = {}
        self.history: dict[str, Promised] = {}
        self._replacements: dict[str, int] = {}
        self._lines: dict[str, tuple[str, str]] = {}
        activated = [
            (move.index, each, moves)
            for each in judging.read.register.agreements
            for moves in [self._moves(each)]
            for move in moves[:1]
        ]
        for index, each, moves in sorted(activated, key=lambda found: found[0]):
            self._take(each, moves, index)
        self._end_what_is_replaced()
        self._end_what_has_no_partner()
        self._end_what_has_no_master()

    @property
    def in_force(self) -> dict[str, Promised]:
        """Return what is neither over nor without a day to count on; suspended agreements included."""
        return {
            digest: each for digest, each in self.history.items() if each.standing not in OVER and each.until != NEVER
        }

    @property
    def suspensions(self) -> list[Suspension]:
        """Return the stops of agreements; what stops a master stops those who narrow it."""
        found = []
        for digest, each in self.history.items():
            master = each.verified.agreement.master
            stop = self._stops.get(digest, None if master is None else self._stops.get(master))
            if stop is not None:
                found.append(Suspension(digest, stop))
        return found

    def lineage(self, digest: str) -> frozenset[str]:
        """Return the digests of the earlier versions whose annexes count for this one too."""
        found: set[str] = set()
        agreement = self.history[digest].verified.agreement
        while agreement.annexes_carried_over and agreement.replaces in self.history:
            found.add(agreement.replaces)
            agreement = self.history[agreement.replaces].verified.agreement
        return frozenset(found)

    def _moves(self, each: Registered) -> tuple[Move, ...]:
        """Return the moves, an activation first; one to `active` counts only if its entry says so."""
        digest, moves = each.document.digest, []
        for move in each.moves:
            if move.status != Standing.ACTIVE:
                moves.append(move)
            elif self._judging.named(move.index, Event.AGREEMENT_ACTIVATED, agreement=digest):
                moves.insert(0, move)
            else:
                self._judging.alarm("move_not_in_log", agreement=digest, entry=str(move.index))
        return tuple(moves) if moves and moves[0].status == Standing.ACTIVE else ()

    def _take(self, each: Registered, moves: tuple[Move, ...], activated: int) -> None:
        digest = each.document.digest
        undoings = self._judging.reinstatements(self._judging.read.register.about(digest, Kind.REINSTATEMENT))
        stands = standing(digest, moves, undoings)
        for filed in self._judging.filed([each.document]):
            verified = self._verified(filed)
            if verified is None or not self._is_of_its_line(verified):
                return
            self.history[digest] = Promised(verified, stands, activated, None, None, ())
            for move in moves:
                if move.status == Standing.REPLACED:
                    self._replacements[digest] = move.index
            if stands is Standing.SUSPENDED:
                undone = {item.reinstatement.undoes for item in undoings if item.reinstatement.subject == digest}
                # The newest stop that nobody has undone; older ones wait for their own undoing.
                self._stops[digest] = max(
                    move.index
                    for move in moves
                    if move.status not in {Standing.ACTIVE, Standing.REPLACED} and move.index not in undone
                )

    def _verified(self, filed: Filed) -> VerifiedAgreement | None:
        judging, digest = self._judging, filed.envelope.digest
        approvals = judging.filed(judging.read.register.about(digest, Kind.APPROVAL))
        # Every pass asks every agreement for these two, and reading a document takes longer than all that follows.
        claims = claimed(judging.once(lambda: claims_of(filed.envelope), "claims", digest), self.history)
        try:
            return judging.once(
                lambda: verify_agreement(
                    filed,
                    approvals,
                    authority=judging.authority,
                    catalogue=judging.catalogue,
                    replaced=claims.replaced,
                    master=claims.master,
                    debarments=self._partners.bans,
                ),
                "agreement",
                judging.authority.digest,
                self._partners.digest,
                *claims.digests,
                *texts(filed, *approvals),
            )
        except AgreementError as error:
            judging.alarm("agreement_refused", agreement=digest, reason=error.code)
            return None

    def _is_of_its_line(self, verified: VerifiedAgreement) -> bool:
        """
        Return whether the agreement may bear its id.

        INVARIANT: an id belongs to the parties that had it first, and each of its versions is one document: what is
        kept for an id (rosters, consents, record codes) never moves to another partner.
        """
        agreement = verified.agreement
        parties = (agreement.district.id, agreement.partner.id)
        versions = {
            each.verified.agreement.version
            for each in self.history.values()
            if each.verified.agreement.id == agreement.id
        }
        if self._lines.setdefault(agreement.id, parties) == parties and agreement.version not in versions:
            return True
        self._judging.alarm("agreement_refused", agreement=agreement.digest, reason="line_taken")
        return False

    def _end_what_is_replaced(self) -> None:
        """
        Let no version last longer than until its successor's first day.

        INVARIANT: that holds although the successor does not verify, or its documents are gone: what was replaced does
        not come back.
        """
        for digest, each in list(self.history.items()):
            old = self.history.get(each.verified.agreement.replaces or "")
            if old is not None:
                replaced = old.verified.agreement.digest
                begins = each.verified.agreement.term.begins
                self.history[replaced] = replace(old, replaced_by=digest, until=begins)
        for digest, index in self._replacements.items():
            old = self.history[digest]
            if old.replaced_by is None:
                self.history[digest] = replace(old, until=self._replaced_from(old, index))

    def _replaced_from(self, old: Promised, index: int) -> datetime:
        """Return when a version ends whose successor does not hold, by the entry that says so; NEVER without it."""
        digest, judging = old.verified.agreement.digest, self._judging
        if not judging.named(index, Event.AGREEMENT_REPLACED, agreement=digest):
            judging.alarm("move_not_in_log", agreement=digest, entry=str(index))
            return NEVER
        judging.alarm("successor_missing", agreement=digest, entry=str(index))
        first_day = date.fromisoformat(judging.read.entries[index].body["first_day"])
        return replace(old.verified.agreement.term, first_day=first_day).begins

    def _end_what_has_no_partner(self) -> None:
        """Leave nothing to a partner that was debarred since, or that went on as another one."""
        for digest, each in list(self.history.items()):
            verified = each.verified
            if self._partners.ended_by(verified.agreement.partner.id, verified.received) is not None:
                self.history[digest] = replace(each, until=NEVER)

    def _end_what_has_no_master(self) -> None:
        for digest, each in list(self.history.items()):
            master = self.history.get(each.verified.agreement.master or "")
            if master is None:
                continue
            ends = [end for end in (each.until, master.until) if end is not None]
            ends += [NEVER] if master.standing in OVER else [master.verified.agreement.term.ends]
            self.history[digest] = replace(each, until=min(ends))
