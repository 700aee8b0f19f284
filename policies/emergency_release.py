"""
The decision whether these elements of a dataset may be handed to these recipients of an emergency order, now.

Pure. Casbin answers for every recipient and element, and an independent reading of the same rules must say the same.
INVARIANT: an `EmergencyPermit` is made here and nowhere else; one thing that is refused refuses the whole release.
"""

from dataclasses import InitVar, dataclass
from datetime import datetime
from enum import StrEnum

from agreements.basis import ferpa_9932_required
from agreements.elements import Catalogue
from agreements.emergencies import VerifiedEmergencyOrder
from policies.compile import Ruleset
from policies.decision import CodeSet, Denied, GrantedField
from policies.emergency import ACT, BASIS, Ended, compile_order, recipient_of
from policies.engine import Engine, Question
from policies.errors import ClockWithoutZone, NothingAsked, UnknownElement
from policies.explain.elements import Barrier, Determining, Explanation
from policies.guardrails import Guardrails
from policies.reading import matching, nearest_miss
from policies.reasons import alarmed, denied_by
from policies.rule import Effect, Rule, instant
from policies.seal import SEAL, require_seal


class Code(StrEnum):
    """The stable codes of denials by an order, in the order in which they are looked for; the rest as elsewhere."""

    ENDED = "order_ended"
    AHEAD = "order_not_yet_open"
    OVER = "order_over"
    RECIPIENT = "recipient_not_listed"
    ELEMENT = "element_not_covered"


@dataclass(frozen=True, slots=True)
class Handing:
    """What an officer wants to hand over: elements of one dataset, to recipients by their places in the order."""

    recipients: tuple[int, ...]
    dataset: str
    elements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EmergencyPermit:
    """Leave to hand these fields to these recipients; of whom, and up to `count` students in all, the service sees."""

    order: str
    recipients: tuple[int, ...]
    dataset: str
    fields: tuple[GrantedField, ...]
    """In the catalogue's order."""
    row_codes: tuple[tuple[str, CodeSet], ...]
    """By element, the values that may leave where a row leaves whole or not at all (`policies.code_values`)."""
    count: int
    """The most students whose records may leave by the order, over all its releases."""
    ferpa_9932_required: bool
    ruleset_digest: str
    guardrails_digest: str
    catalogue_digest: str
    epoch: int
    valid_from: datetime
    valid_until: datetime
    """First instant at which the decision may differ; exclusive."""
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        require_seal(seal)


class OrderInForce:
    """One verified order with its rules, at one epoch. Built once, never changed; holds no other order's rules."""

    def __init__(
        self,
        order: VerifiedEmergencyOrder,
        catalogue: Catalogue,
        guardrails: Guardrails,
        *,
        ended: Ended | None,
        epoch: int,
    ) -> None:
        """Compile the order. Raises `PolicyError` if it cannot be carried out as it stands."""
        self.order = order
        self.epoch = epoch
        self.ruleset: Ruleset = compile_order(order, catalogue, guardrails, ended=ended)
        self._catalogue = catalogue
        self._guardrails = guardrails
        self._ended = ended
        self._engine = Engine(self.ruleset.rules, self.ruleset.links, frozenset(each.id for each in catalogue))

    def decide(self, handing: Handing, now: datetime) -> EmergencyPermit | Denied:
        """Judge `handing` at `now`. Raises `NothingAsked`, `UnknownElement` and `ClockWithoutZone` before that."""
        wanted = self._wanted(handing)
        if now.tzinfo is None:
            raise ClockWithoutZone("A time without a zone was given to the policies.")
        # (1): Casbin and our own reading, for every recipient and element.
        granted: dict[str, tuple[str, ...]] = {}
        withheld: dict[str, str] = {}
        for place in handing.recipients:
            for element in wanted:
                question = self._question(place, handing.dataset, element, now)
                verdict, rules = self._engine.ask(question), matching(self.ruleset.rules, question, self.ruleset.links)
                if verdict.alarm or verdict.allowed != ({rule.eft for rule in rules} == {Effect.ALLOW}):
                    return alarmed(verdict.alarm or "readings_differ")
                if verdict.allowed:
                    granted[element] = tuple(rule.clause for rule in rules)
                else:
                    withheld[element] = next((rule.clause for rule in rules if rule.eft == Effect.DENY), "")
        # (2): one refusal refuses all.
        if withheld:
            return self._why(handing, withheld, now)
        return EmergencyPermit(
            order=self.order.digest,
            recipients=tuple(dict.fromkeys(handing.recipients)),
            dataset=handing.dataset,
            fields=tuple(
                GrantedField(
                    each.id,
                    each.name,
                    self.ruleset.released[granted[each.id][0]],
                    granted[each.id],
                    self._guardrails.codes.leaving(each.id, BASIS),
                )
                for each in self._catalogue.in_dataset(handing.dataset)
                if each.id in granted
            ),
            row_codes=tuple(sorted(self._guardrails.codes.row_codes(handing.dataset, BASIS, self._catalogue).items())),
            count=self.order.order.count,
            ferpa_9932_required=ferpa_9932_required(BASIS),
            ruleset_digest=self.ruleset.digest,
            guardrails_digest=self._guardrails.digest,
            catalogue_digest=self._catalogue.digest,
            epoch=self.epoch,
            valid_from=self.order.begins,
            valid_until=self.order.ends.replace(microsecond=0),
            seal=SEAL,
        )

    def explain(self, place: int, dataset: str, now: datetime) -> tuple[Explanation, ...]:
        """Explain, for the recipient at `place`, every element that the order lists in `dataset`."""
        rules, links = self.ruleset.rules, self.ruleset.links
        explained = []
        for each in self._catalogue.in_dataset(dataset):
            if each.id not in self.order.order.elements:
                continue
            question = self._question(place, dataset, each.id, now)
            matched = matching(rules, question, links)
            allowed = self._engine.ask(question).allowed
            granting = next((rule for rule in matched if rule.eft == Effect.ALLOW), None)
            form = self.ruleset.released[granting.clause] if granting and allowed else None
            barriers = dict.fromkeys(rule.clause for rule in matched if rule.clause.startswith("guardrails:/"))
            explained.append(
                Explanation(
                    element=each.id,
                    name=each.name,
                    title=each.title,
                    leaves=allowed,
                    transformation=form,
                    strictest=granting.clause if granting and form else None,
                    determining=tuple(Determining(r.agr, r.clause, r.eft, self._form(r)) for r in matched),
                    barriers=tuple(Barrier(clause, self._guardrails.reason(clause)) for clause in barriers),
                    nearest=None if granting else nearest_miss(rules, question, links),
                )
            )
        return tuple(explained)

    def _form(self, rule: Rule) -> str | None:
        return self.ruleset.released[rule.clause] if rule.eft == Effect.ALLOW else None

    def _wanted(self, handing: Handing) -> tuple[str, ...]:
        if not handing.elements or not handing.recipients:
            raise NothingAsked("A release names at least one element and one recipient.")
        known = {each.id for each in self._catalogue.in_dataset(handing.dataset)}
        if unknown := [element for element in handing.elements if element not in known]:
            raise UnknownElement(f"The dataset {handing.dataset} does not have the element {unknown[0]}.")
        return tuple(dict.fromkeys(handing.elements))

    def _question(self, place: int, dataset: str, element: str, now: datetime) -> Question:
        return Question(recipient_of(self.order, place), self.order.digest, dataset, element, ACT, instant(now))

    def _why(self, handing: Handing, withheld: dict[str, str], now: datetime) -> Denied:
        """Return why not, in a fixed order: the order as a whole, then whom it is for, then what it is about."""
        begins, ends = instant(self.order.begins), instant(self.order.ends)
        if self._ended is not None:
            return Denied(Code.ENDED, "The order was ended early.", facts={"clause": self._ended.clause})
        if instant(now) < begins:
            return Denied(Code.AHEAD, f"The order stands from {begins}.", facts={"clause": "/begins", "nbf": begins})
        if instant(now) >= ends:
            return Denied(Code.OVER, f"The order was over at {ends}.", facts={"clause": "/hours", "exp": ends})
        strangers = [place for place in handing.recipients if not 0 <= place < len(self.order.order.recipients)]
        if strangers:
            detail = f"The order lists no recipient {strangers[0]}."
            return Denied(Code.RECIPIENT, detail, facts={"clause": "/recipients"})
        unlisted = tuple(element for element, clause in withheld.items() if not clause)
        if unlisted:
            detail = f"The order does not list {', '.join(unlisted)}."
            return Denied(Code.ELEMENT, detail, unlisted, {"clause": "/elements"})
        clause = next(iter(withheld.values()))
        return denied_by(tuple(withheld), clause, self._guardrails.reason(clause))
