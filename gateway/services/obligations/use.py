"""What an agreement was used for in a period, counted from the log: what left, what was refused, what never left."""

from collections import Counter, defaultdict
from datetime import date

from agreements.canonical import Json
from agreements.elements import Catalogue
from audit.entry import Entry
from audit.events import Event
from gateway.services.obligations.courses import Followed
from gateway.services.obligations.history import day_in


class Use:
    """What the log says about the use of an agreement in a period: counted, entry by entry."""

    def __init__(self, each: Followed, first: date, last: date) -> None:
        self._followed, self._first, self._last = each, first, last
        self.indexes: list[int] = []
        self.moves: list[Json] = []
        self._months: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self._released: dict[str, Counter[str]] = defaultdict(Counter)
        self._purposes: Counter[str] = Counter()
        self._refusals: Counter[str] = Counter()

    def take(self, index: int, entry: Entry) -> None:
        """Take in the next entry about the agreement."""
        day, body = day_in(self._followed.agreement, entry), entry.body
        if entry.event.startswith("agreement."):
            self.moves.append(
                {"entry": index, "event": entry.event, "time": entry.time, "agreement": body["agreement"]}
            )
        if not self._first <= day <= self._last:
            return
        if entry.event == Event.REFUSAL:
            self._refusals[str(body.get("code"))] += 1
        if entry.event == Event.DISCLOSURE:
            dataset, records = str(body["dataset"]), int(body["records"])
            self.indexes.append(index)
            self._purposes[str(body.get("purpose"))] += 1
            self._months[dataset, f"{day:%Y-%m}"].update(disclosures=1, records=records)
            for element in body["elements"]:
                self._released[dataset][str(element)] += records

    def lines(self, catalogue: Catalogue) -> Json:
        """Return the use against what was agreed: the purpose, what left, and what was granted and never left."""
        agreement = self._followed.agreement
        return {
            "purpose_agreed": agreement.purpose.code,
            "disclosures_by_purpose": dict(self._purposes),
            "refusals_by_code": dict(self._refusals),
            "by_dataset_and_month": [
                {"dataset": dataset, "month": month, **counts}
                for (dataset, month), counts in sorted(self._months.items())
            ],
            "records_by_element": [
                {"dataset": dataset, "element": element, "name": _name(catalogue, element), "records": records}
                for dataset, counts in sorted(self._released.items())
                for element, records in sorted(counts.items())
            ],
            "granted_and_never_released": [
                {"dataset": terms.dataset, "element": line.element, "name": _name(catalogue, line.element)}
                for terms in agreement.datasets
                for line in terms.elements
                if not self._released[terms.dataset][line.element]
            ],
        }


def _name(catalogue: Catalogue, element: str) -> str:
    return catalogue.element(element).name if element in catalogue else element
