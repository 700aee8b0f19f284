"""What a person answers to `pactgate agreement new`, basis by basis, as options; and a desk without a database."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from typer.testing import CliRunner

from agreements.authored import read_authored
from agreements.basis import PUBLIC_AGENCY, Basis
from gateway.cli import app
from gateway.cli.run import REFUSALS
from tests.factories.agreements import key_for

PARTS: Mapping[Basis, Sequence[str]] = {
    Basis.CONSENT: (
        "records=Attendance counts of the student named in the form",
        "purpose=Tutoring",
        "party_or_class=Tutors of Bright Path",
        "signature=electronic",
        "what_will_be_done=Tutors plan sessions",
    ),
    Basis.SCHOOL_OFFICIAL: (
        "service_performed=Mentoring",
        "employee_equivalent=Student advocates",
        "direct_control_terms=The principals decide",
        "use_limits=Only mentoring",
        "redisclosure_clause=Bound by 34 CFR 99.33(a)",
        "annual_notice_ref=Annual notice, August 2026, section 3",
    ),
    Basis.STUDIES: (
        "scope=Grade 9 in three schools",
        "use_limits=Only the study",
        "no_identification=Nobody but the study's own people can identify students",
        "study_kind=improve_instruction",
        "on_behalf_of_district=true",
    ),
    Basis.AUDIT_EVALUATION: (
        "education_program.name=The tutoring grant under Title I",
        "education_program.supported_by=federal",
        "designates_authorised_representative=The partner is designated",
        "activity_description=Evaluation of the tutoring grant",
        "policies_procedures=Policy 12",
    ),
    Basis.HEALTH_SAFETY_EMERGENCY: ("threat_description=A fire near the school", "recipients=County fire marshal"),
    Basis.DIRECTORY_INFORMATION: (
        "notice_ref=Annual notice, section 5",
        *(f"types={element}" for element in ("000115", "000172", "000100")),
        "limited_parties=partner:bright-path",
        "opt_out_checked_on=2026-06-20",
    ),
    Basis.JUVENILE_JUSTICE: ("state_statute=RCW 28A.600.475", "written_certification=Certified on 1 August 2026"),
    Basis.CHILD_WELFARE: ("legal_responsibility_evidence=Dependency orders on file",),
    Basis.DE_IDENTIFIED: ("determination_record=Determination of 3 August 2026",),
    Basis.DE_IDENTIFIED_WITH_CODE: ("research_purpose=Transitions to grade 9",),
}
"""The parts that each basis requires, but for what can be said in one way only."""

PURPOSES: Mapping[Basis, str] = {
    Basis.CONSENT: "tutoring",
    Basis.SCHOOL_OFFICIAL: "mentoring",
    Basis.STUDIES: "study",
    Basis.AUDIT_EVALUATION: "program_evaluation",
    Basis.HEALTH_SAFETY_EMERGENCY: "emergency",
    Basis.DIRECTORY_INFORMATION: "directory",
    Basis.JUVENILE_JUSTICE: "juvenile_services",
    Basis.CHILD_WELFARE: "foster_care",
    Basis.DE_IDENTIFIED: "education_research",
    Basis.DE_IDENTIFIED_WITH_CODE: "education_research",
}


KINDS: Mapping[Basis, str] = {Basis.JUVENILE_JUSTICE: "public_agency", Basis.CHILD_WELFARE: "tribal_organization"}
"""Who alone can be a partner under a basis."""
AGENCY = tuple(f"{part.path.rpartition('/')[2]}=As agreed" for part in PUBLIC_AGENCY)


def options(basis: Basis) -> dict[str, Any]:
    """Return every answer that a draft under `basis` needs; the folder's files are named by themselves."""
    days = {"first-day": "2026-09-07", "last-day": "2026-09-09"}
    return {
        "basis": basis.value,
        "district": "district:emerald-city",
        "district-name": "Emerald City School District",
        "partner": "partner:bright-path",
        "partner-name": "Bright Path",
        "partner-type": KINDS.get(basis, "nonprofit"),
        "purpose": PURPOSES[basis],
        "purpose-words": "What the partner does with it.",
        "school-year": "2026-2027",
        "part": PARTS[basis],
        "agency-part": AGENCY if basis is Basis.JUVENILE_JUSTICE else None,
        "time-zone": "America/Los_Angeles",
        "drafter-key": "officer.pub.json",
        "executed": "paper.pdf",
        "executed-title": "Signed agreement",
        **(days if basis is Basis.HEALTH_SAFETY_EMERGENCY else {}),
    }


@dataclass(frozen=True, slots=True)
class Drafted:
    """What the command did: its exit code, its data, its talk, the draft, and the code of what it was refused with."""

    code: int
    data: Any
    said: str
    text: str
    refusal: str | None

    @property
    def content(self) -> Any:
        return read_authored(self.text)


@dataclass(frozen=True, slots=True)
class Desk:
    """A folder with an officer's public key and an executed paper; no database at all."""

    folder: Path

    @classmethod
    def at(cls, folder: Path) -> "Desk":
        (folder / "officer.pub.json").write_text(json.dumps(key_for("officer-1", "ES256").public.jwk))
        (folder / "paper.pdf").write_bytes(b"%PDF-1.7 the executed paper")
        return cls(folder)

    def new(self, answers: Mapping[str, Any], *flags: str, typed: str = "", out: str = "draft.yaml") -> Drafted:
        """Run `agreement new` with these options (a list repeats the option, None leaves it out)."""
        words = ["agreement", "new", "--out", out, *flags]
        for name, value in answers.items():
            for each in [value] if isinstance(value, str) else value or ():
                words += [f"--{name}", each]
        return self.run(*words, typed=typed, out=out)

    def run(self, *words: str, typed: str = "", out: str = "draft.yaml") -> Drafted:
        here = Path.cwd()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PACTGATE_")}
        try:
            os.chdir(self.folder)
            with patch.dict(os.environ, kept, clear=True):
                done = CliRunner().invoke(app, list(words), input=typed)
        finally:
            os.chdir(here)
        file = self.folder / out
        text = file.read_text() if file.exists() else ""
        refusal = getattr(done.exception, "code", None) if isinstance(done.exception, REFUSALS) else None
        # The runner echoes what is typed; the data come last.
        data = json.loads(done.stdout[done.stdout.index("{\n") :]) if done.exit_code == 0 else None
        return Drafted(done.exit_code, data, done.stderr, text, refusal)
