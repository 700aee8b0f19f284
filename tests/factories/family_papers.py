"""
Families' requests and withholdings for tests, on top of `tests.factories.agreements`: each received one entry later.

    papers = FamilyPapers()
    asked = papers.request(kind=Asked.AMENDMENT, elements=("000115",))      # -> Filed, signed by officer 0
    papers.step(asked, step=Step.REFUSED, ground="hearing_offered")         # -> Filed, signed by officer 0
    papers.withholding(reason=Reason.COURT_ORDER)                           # -> Filed, signed by both
    papers.telling({"partner:a": Tells.SHELTER})                            # -> Filed, signed by officer 0
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from agreements.authority import Authority, Filed
from agreements.documents.family import (
    WITHIN,
    Asked,
    Capacity,
    FamilyRequest,
    FamilyStep,
    Identified,
    Step,
    family_request_bytes,
    family_step_bytes,
)
from agreements.documents.telling_partners import Tells, telling_partners_bytes
from agreements.documents.withholding import Reason, Withholding, withholding_bytes
from agreements.keys import SigningKey
from agreements.signature import Kind
from tests.factories.agreements import RECEIVED, Keyring

TODAY: Final[date] = RECEIVED.date()
REQUEST: Final = FamilyRequest(
    kind=Asked.INSPECTION,
    received_on=TODAY,
    answer_by=TODAY + WITHIN,
    capacity=Capacity.PARENT,
    identified_by=Identified.PHOTO_ID,
    restricted=False,
    student="0" * 64,
)
WITHHOLDING: Final = Withholding(
    student=b"s" * 16,
    lines=("agreement:night-shelter", "entry:12"),
    reason=Reason.COURT_ORDER,
    until=TODAY + timedelta(days=90),
    evidence="sha256:" + "e" * 64,
)


@dataclass
class FamilyPapers:
    """Files documents about families; the officers are those of the keyring."""

    ring: Keyring = field(default_factory=Keyring)

    @property
    def authority(self) -> Authority:
        return self.ring.authority

    def request(self, *, keys: Sequence[SigningKey] = (), at: datetime = RECEIVED, **changes: Any) -> Filed:
        payload = family_request_bytes(replace(REQUEST, **changes))
        return self.ring.filed(self.ring.sign(Kind.FAMILY_REQUEST, payload, *(keys or self._keys(0))), at=at)

    def step(
        self, request: Filed, *, keys: Sequence[SigningKey] = (), at: datetime = RECEIVED, **changes: Any
    ) -> Filed:
        made = FamilyStep(request.envelope.digest, **{"step": Step.WITHDRAWN, **changes})
        payload = family_step_bytes(made)
        return self.ring.filed(self.ring.sign(Kind.FAMILY_STEP, payload, *(keys or self._keys(0))), at=at)

    def withholding(self, *, keys: Sequence[SigningKey] = (), at: datetime = RECEIVED, **changes: Any) -> Filed:
        payload = withholding_bytes(replace(WITHHOLDING, **changes))
        return self.ring.filed(self.ring.sign(Kind.WITHHOLDING, payload, *(keys or self._keys(0, 1))), at=at)

    def telling(self, partners: Mapping[str, Tells] | None = None, *, keys: Sequence[SigningKey] = ()) -> Filed:
        payload = telling_partners_bytes({"partner:a": Tells.SHELTER} if partners is None else partners, -1)
        return self.ring.filed(self.ring.sign(Kind.TELLING_PARTNERS, payload, *(keys or self._keys(0))), at=RECEIVED)

    def _keys(self, *places: int) -> list[SigningKey]:
        return [self.ring.officers[each].key for each in places]
