"""What stewards have classified of the district's own codes, as a value that the registry holds."""

from dataclasses import dataclass
from typing import Final

from agreements.stewarding import VerifiedClassification
from policies.classified import UNCLASSIFIED, Classified


@dataclass(frozen=True, slots=True)
class ClassifiedCodes:
    """What stands, the classifications that hold, the oldest first, and the digest of the newest that the log has."""

    standing: Classified = UNCLASSIFIED
    acts: tuple[VerifiedClassification, ...] = ()
    newest: str | None = None


NONE_CLASSIFIED: Final = ClassifiedCodes()
