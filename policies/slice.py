"""
Everything that can say yes or no to one client under one agreement, at one epoch. Built once, never changed.

A slice never holds another agreement's rules: fields and rows of two agreements are never united.
"""

from bisect import bisect_right
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from agreements.basis import ferpa_9932_required
from agreements.document import Agreement
from agreements.elements import Catalogue
from policies.compile import Ruleset
from policies.decision import RowTerms
from policies.engine import Engine
from policies.guardrails import Guardrails
from policies.memo import Memo
from policies.population import parse
from policies.rule import ANY, EARLIEST, LATEST, moment_of

_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)
_ENGINES = 16
"""More than there are datasets."""


class Slice:
    """
    The rules of one agreement as they concern one client.

    Raises `PolicyError` if the agreement cannot be carried out as it stands.
    """

    def __init__(
        self,
        client: str,
        agreement: Agreement,
        ruleset: Ruleset,
        *,
        epoch: int,
        catalogue: Catalogue,
        guardrails: Guardrails,
    ) -> None:
        self.client = client
        self.agreement = agreement
        self.epoch = epoch
        self.catalogue = catalogue
        self.guardrails = guardrails
        self.digest = ruleset.digest
        self.released = ruleset.released
        self.links = tuple(link for link in ruleset.links if link[0] == client)
        # What names another subject can never match for this client.
        subjects = {client, *(role for _, role in self.links)}
        self.rules = tuple(rule for rule in ruleset.rules if rule.sub in subjects)
        edges = {edge for rule in self.rules for edge in (rule.nbf, rule.exp)} - {EARLIEST, LATEST}
        self._cuts = sorted(moment_of(edge) for edge in edges)
        self.rows: Mapping[str, RowTerms] = MappingProxyType(
            {
                terms.dataset: RowTerms(
                    population=parse(agreement.population),
                    basis=agreement.basis,
                    school_years=terms.school_years,
                    time_zone=agreement.term.time_zone,
                    cadence=agreement.cadence,
                    element_order=agreement.element_ids,
                )
                for terms in agreement.datasets
            }
        )
        self.notices = (agreement.obligations.redisclosure_notice,)
        self.ferpa_9932_required = ferpa_9932_required(agreement.basis)
        self._engines: Memo[str, Engine] = Memo(_ENGINES)

    def segment(self, now: datetime) -> int:
        """Return which stretch between two cuts `now` lies in. Within one, no answer changes."""
        return bisect_right(self._cuts, now)

    def bounds(self, segment: int) -> tuple[datetime, datetime]:
        """Return the first instant of a segment and the first after it."""
        edges = (_FIRST, *self._cuts, _LAST)
        return edges[segment], edges[segment + 1]

    def engine(self, dataset: str) -> Engine:
        """Return the engine for `dataset`: rules about other datasets can never match."""
        return self._engines.get_or_make(dataset, lambda: self._build(dataset))

    def _build(self, dataset: str) -> Engine:
        elements = frozenset(element.id for element in self.catalogue)
        return Engine((rule for rule in self.rules if rule.obj in {dataset, ANY}), self.links, elements)
