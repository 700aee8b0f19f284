"""
The published shapes: what another program needs to write or check our documents, as JSON Schema 2020-12.

`python -m agreements.documents.published docs/schema` writes them again after a change of a shape or of the catalogue;
a test compares. A shape says what a document looks like, not everything that is right: the checks say the rest.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from agreements.documents.approval import APPROVAL
from agreements.documents.binding import CLIENT_BINDING
from agreements.documents.classification import CLASSIFICATION
from agreements.documents.debarment import DEBARMENT
from agreements.documents.destruction import CERTIFICATE
from agreements.documents.emergency import EMERGENCY_ORDER
from agreements.documents.emergency_release import EMERGENCY_RELEASE
from agreements.documents.erasure import ERASURE
from agreements.documents.family import FAMILY_REQUEST, FAMILY_STEP
from agreements.documents.hold import HOLD, RELEASE
from agreements.documents.load_confirmation import LOAD_CONFIRMATION
from agreements.documents.log_key import LOG_KEY
from agreements.documents.officer import OFFICER
from agreements.documents.outside_disclosure import OUTSIDE_DISCLOSURE
from agreements.documents.parental_rights import PARENTAL_RIGHTS
from agreements.documents.people import PEOPLE_ANNEX
from agreements.documents.recovery import RECOVERY
from agreements.documents.reinstatement import REINSTATEMENT
from agreements.documents.review import REVIEW
from agreements.documents.revocation import REVOCATION
from agreements.documents.roster_decision import ROSTER_DECISION
from agreements.documents.signer import SIGNER
from agreements.documents.staff_role import STAFF_ROLE
from agreements.documents.succession import SUCCESSION
from agreements.documents.telling_partners import TELLING_PARTNERS
from agreements.documents.undertaking import UNDERTAKING
from agreements.documents.withholding import WITHHOLDING
from agreements.documents.witnesses import WITNESSES
from agreements.elements import load_catalogue
from agreements.schema import agreement_schema
from agreements.shapes import Shape

SMALL: Final[Mapping[str, Shape]] = {
    "approval": APPROVAL,
    "certificate": CERTIFICATE,
    "client-binding": CLIENT_BINDING,
    "code-classification": CLASSIFICATION,
    "debarment": DEBARMENT,
    "emergency-order": EMERGENCY_ORDER,
    "emergency-release": EMERGENCY_RELEASE,
    "erasure": ERASURE,
    "family-request": FAMILY_REQUEST,
    "family-step": FAMILY_STEP,
    "hold": HOLD,
    "load-confirmation": LOAD_CONFIRMATION,
    "log-key": LOG_KEY,
    "officer": OFFICER,
    "outside-disclosure": OUTSIDE_DISCLOSURE,
    "parental-rights": PARENTAL_RIGHTS,
    "people": PEOPLE_ANNEX,
    "recovery": RECOVERY,
    "reinstatement": REINSTATEMENT,
    "release": RELEASE,
    "review": REVIEW,
    "revocation": REVOCATION,
    "roster-decision": ROSTER_DECISION,
    "signer": SIGNER,
    "staff-role": STAFF_ROLE,
    "succession": SUCCESSION,
    "telling-partners": TELLING_PARTNERS,
    "undertaking": UNDERTAKING,
    "withholding": WITHHOLDING,
    "witnesses": WITNESSES,
}
"""Every document beside an agreement, by the name in its format (`pactgate-<name>/1`)."""


def published() -> Mapping[str, str]:
    """Return each file's name and text: `agreement-1.json`, and one for each document of `SMALL`."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    shapes = {"agreement": agreement_schema(load_catalogue())} | {
        name: {**dialect, "$id": f"urn:pactgate:{name}:1", **shape} for name, shape in SMALL.items()
    }
    return {f"{name}-1.json": json.dumps(shape, indent=2, ensure_ascii=False) + "\n" for name, shape in shapes.items()}


def write(folder: Path) -> None:
    """Write every published shape into `folder`."""
    for name, text in published().items():
        folder.joinpath(name).write_text(text, "utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
