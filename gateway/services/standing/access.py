"""Who may ask under what was promised: clients by their bindings, the people who answer for them, and their stops."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from agreements.accountable import accountable
from agreements.authority import Filed
from agreements.errors import AgreementError
from agreements.in_force import VerifiedBinding, verify_binding
from agreements.people import VerifiedPeopleAnnex, VerifiedUndertaking, verify_people_annex, verify_undertaking
from agreements.register import StoredDocument
from agreements.signature import Kind
from audit.events import Event
from gateway.services.standing.judging import Judging, texts
from gateway.services.standing.keysets import KeySets
from gateway.services.standing.promises import Promises
from gateway.services.standing.registry import KnownClient, Promised
from policies.compile import Suspension
from policies.state import Granted


class Access:
    """The clients of one pass."""

    def __init__(self, judging: Judging, promises: Promises) -> None:
        self._judging = judging
        self._promises = promises
        self._names = {row["id"]: row["name"] for row in judging.read.clients}
        self._rows = {f"sha256:{row['binding'].hex()}": row for row in judging.read.clients}
        undone = {
            (item.reinstatement.subject, item.reinstatement.undoes)
            for item in judging.reinstatements(
                [each for each in judging.read.register.of(Kind.REINSTATEMENT) if each.concerns is None]
            )
        }
        # The newest stop that nobody has undone; older ones wait for their own undoing. INVARIANT: a stop counts by its
        # row alone, whatever else does not hold.
        self._stopped = {
            row["client"]: row["idx"] for row in judging.read.client_stops if (row["client"], row["idx"]) not in undone
        }
        self._stopped_partners = {
            row["partner"]: row["idx"]
            for row in judging.read.partner_stops
            if (row["partner"], row["idx"]) not in undone
        }
        in_force = promises.in_force
        bound = {digest: list(self._bindings(digest, each)) for digest, each in in_force.items()}
        owners = self._owners(bound)
        key_sets = KeySets(judging)
        self.history: Mapping[str, Promised] = {
            digest: replace(each, annexes=self._annexes(digest, each)) for digest, each in promises.history.items()
        }
        self.undertakings = {digest: tuple(self._undertakings(self.history[digest])) for digest in in_force}
        self.granted = {
            digest: self._granted(
                digest,
                key_sets.counting(
                    (each for _, each in bound[digest] if self._is_own(each, owners)),
                    self.history[digest].verified.agreement,
                    promises.lineage(digest),
                ),
            )
            for digest in in_force
        }

    @property
    def clients(self) -> dict[str, KnownClient]:
        """Return every client that is bound to something in force, stopped ones included."""
        return {
            each.binding.client: KnownClient(
                each.binding.client,
                each.partner,
                self._names[each.binding.client],
                each.binding.client not in self._stopped and each.partner not in self._stopped_partners,
            )
            for granted in self.granted.values()
            for each in granted.bindings
        }

    @property
    def suspensions(self) -> list[Suspension]:
        """Return the stops of clients and of partners, and of agreements of which a list of people is gone."""
        stopped = self._stopped | self._stopped_partners | self._without_people
        return [Suspension(concerns, index) for concerns, index in stopped.items()]

    @property
    def _without_people(self) -> dict[str, int]:
        """
        Return the agreements in force of which a people annex cannot be had any more, with the entry that received it.

        INVARIANT: an annex may take people out, so an earlier one never counts in the place of one that is gone.
        """
        gone = {
            str(entry.body.get("agreement")): index
            for index, entry in self._judging.gone.values()
            if entry.event == Event.PEOPLE_NAMED
        }
        found = {}
        for digest in self.granted:
            missing = [gone[each] for each in (digest, *self._promises.lineage(digest)) if each in gone]
            if missing:
                found[digest] = max(missing)
        return found

    def _owners(self, bound: Mapping[str, list[tuple[int, VerifiedBinding]]]) -> dict[str, str]:
        """
        Return the partner of each client: the one that bound it first, in the log's order.

        INVARIANT: a client belongs to the partner that bound it first; otherwise one partner could add a key of its own
        to another's client, and act as it.
        """
        owners: dict[str, str] = {}
        for _, each in sorted((pair for pairs in bound.values() for pair in pairs), key=lambda pair: pair[0]):
            owners.setdefault(each.binding.client, each.partner)
        return owners

    def _is_own(self, each: VerifiedBinding, owners: Mapping[str, str]) -> bool:
        if owners[each.binding.client] == each.partner:
            return True
        self._judging.alarm("client_refused", client=each.binding.client, reason="other_partner")
        return False

    def _granted(self, digest: str, bindings: list[VerifiedBinding]) -> Granted:
        promised = self.history[digest]
        windows = accountable(promised.verified, bindings, promised.annexes, self.undertakings[digest])
        return Granted(promised.verified, tuple(bindings), promised.until, windows)

    def _bindings(self, digest: str, promised: Promised) -> Iterator[tuple[int, VerifiedBinding]]:
        """Yield the bindings that hold, each with the entry that brought it."""
        judging = self._judging
        for filed in self._annexed(digest, Kind.CLIENT_BINDING):
            row: Mapping[Any, Any] | None = self._rows.get(filed.envelope.digest)
            if row is None:
                continue
            approvals = judging.filed(judging.read.register.about(filed.envelope.digest, Kind.APPROVAL))
            try:
                verified = judging.once(
                    lambda filed=filed, approvals=approvals: verify_binding(  # type: ignore[misc] # bound in the loop
                        filed,
                        approvals,
                        authority=judging.authority,
                        agreement=promised.verified,
                        lineage=self._promises.lineage(digest),
                    ),
                    *("binding", digest, judging.authority.digest),
                    *texts(filed, *approvals),
                )
            except AgreementError as error:
                judging.alarm("client_refused", client=row["id"], reason=error.code)
                continue
            if verified.binding.client == row["id"]:
                yield filed.received.index, verified
            else:
                judging.alarm("client_refused", client=row["id"], reason="other_client")

    def _annexes(self, digest: str, promised: Promised) -> tuple[VerifiedPeopleAnnex, ...]:
        """Return the people annexes that hold, oldest first."""
        judging, found = self._judging, []
        for filed in self._annexed(digest, Kind.PEOPLE_ANNEX):
            approvals = judging.filed(judging.read.register.about(filed.envelope.digest, Kind.APPROVAL))
            try:
                verified = judging.once(
                    lambda filed=filed, approvals=approvals: verify_people_annex(  # type: ignore[misc] # bound in the loop
                        filed,
                        approvals,
                        authority=judging.authority,
                        agreement=promised.verified,
                        lineage=self._promises.lineage(digest),
                    ),
                    *("people", digest, judging.authority.digest),
                    *texts(filed, *approvals),
                )
            except AgreementError as error:
                judging.alarm("people_refused", document=filed.envelope.digest, reason=error.code)
                continue
            found.append(verified)
        return tuple(found)

    def _undertakings(self, promised: Promised) -> Iterator[VerifiedUndertaking]:
        judging, agreement = self._judging, promised.verified
        stored = judging.read.register.about(agreement.agreement.digest, Kind.UNDERTAKING)
        for filed in judging.filed(stored):
            try:
                yield judging.once(
                    lambda filed=filed: verify_undertaking(  # type: ignore[misc] # bound in the loop
                        filed, annexes=promised.annexes, agreement=agreement
                    ),
                    *("undertaking", agreement.agreement.digest, judging.authority.digest),
                    *(f"{each.digest} {each.received.index} {each.approved}" for each in promised.annexes),
                    *texts(filed),
                )
            except AgreementError as error:
                judging.alarm("undertaking_refused", document=filed.envelope.digest, reason=error.code)

    def _annexed(self, digest: str, kind: Kind) -> list[Filed]:
        """Return the annexes of an agreement and of the versions whose annexes it carries over, oldest first."""
        register = self._judging.read.register
        stored: list[StoredDocument] = []
        for each in (digest, *self._promises.lineage(digest)):
            stored += register.about(each, kind)
        return self._judging.filed(sorted(stored, key=lambda item: (item.index, item.digest)))
