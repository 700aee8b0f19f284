"""The register as data: JSON for programs, CSV for spreadsheets. Both say what the pages say, no less and no more."""

import csv
import io
from collections.abc import Iterable
from typing import Final

import msgspec

from agreements.obligations import Status
from gateway.register import wording
from gateway.services.publishing.public_register import PublicAgreement, PublicDataset, PublicRegister
from gateway.spreadsheets import inert

FORMAT: Final = "pactgate-register/1"
_SEPARATOR: Final = " | "

COLUMNS: Final = (
    "agreement",
    "version",
    "digest",
    "title",
    "standing",
    "district",
    "partner",
    "partner_type",
    "basis",
    "basis_citation",
    "purpose",
    "purpose_words",
    "first_day",
    "last_day",
    "time_zone",
    "elements",
    "school_years",
    "subrecipients",
    "opt_outs",
    "months_in_use",
    "review",
    "destruction",
    "replaces",
    "replaced_by",
    "framework",
    "master",
    "children",
    "bearer_until",
    "people_behind",
    "as_of",
)


def json_of(register: PublicRegister) -> bytes:
    """Return the whole register as JSON."""
    content = {
        "format": FORMAT,
        "as_of": register.as_of,
        "time_zone": register.time_zone,
        "agreements": [_object(each) for each in register.agreements],
    }
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


def csv_of(register: PublicRegister) -> bytes:
    """
    Return the register as CSV (RFC 4180, UTF-8), one line an agreement; lists stand in one cell, parted by ` | `.

    INVARIANT: no cell begins with what a spreadsheet would compute: such a cell begins with an apostrophe.
    """
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for each in register.agreements:
        writer.writerow([inert(text) for text in (*_cells(each), register.as_of.isoformat())])
    return written.getvalue().encode()


def _object(each: PublicAgreement) -> dict[str, object]:
    ground = wording.GROUNDS[each.basis]
    return {
        "agreement": each.line,
        "version": each.version,
        "digest": each.digest,
        "title": each.title,
        "standing": {"code": each.standing, "words": wording.STANDINGS[each.standing]},
        "entry": each.entry,
        "district": {"id": each.district.id, "name": each.district.name},
        "partner": {
            "id": each.partner.id,
            "name": each.partner.name,
            "type": each.partner.kind,
            "type_words": wording.PARTNERS[each.partner.kind],
        },
        "basis": {
            "code": each.basis,
            "title": ground.title,
            "meaning": ground.meaning,
            "citation": ground.citation,
        },
        "purpose": {
            "code": each.purpose.code,
            "title": wording.purpose_title(each.purpose.code),
            "words": each.purpose.words,
        },
        "term": {
            "first_day": each.term.first_day,
            "last_day": each.term.last_day,
            "time_zone": each.term.time_zone,
        },
        "datasets": [_dataset(terms) for terms in each.datasets],
        "subrecipients": [{"name": row.name, "interest": row.interest} for row in each.subrecipients],
        "opt_outs": {
            "sharing": "sharing" in each.opt_outs,
            "directory": "directory" in each.opt_outs,
            "words": wording.OPT_OUTS[each.opt_outs],
        },
        "months": None
        if each.months is None
        else [{"month": f"{row.month:%Y-%m}", "disclosures": row.disclosures} for row in each.months],
        "review": _status(each.duties.review),
        "destruction": _status(each.duties.destruction),
        "replaces": each.replaces,
        "replaced_by": each.replaced_by,
        "framework": each.framework,
        "master": each.master,
        "children": each.children,
        "bearer_until": each.bearer_until,
        "people_behind": each.people_behind,
    }


def _dataset(terms: PublicDataset) -> dict[str, object]:
    return {
        "dataset": terms.dataset,
        "title": wording.dataset_title(terms.dataset),
        "school_years": terms.school_years,
        "elements": [
            {
                "id": line.id,
                "title": line.title,
                "transformation": line.transformation,
                "words": wording.TRANSFORMATIONS[line.transformation],
            }
            for line in terms.elements
        ],
    }


def _status(status: Status | None) -> dict[str, str] | None:
    return None if status is None else {"code": status, "words": wording.STATUSES[status]}


def _cells(each: PublicAgreement) -> tuple[str, ...]:
    months = each.months
    return (
        each.line,
        str(each.version),
        each.digest,
        each.title,
        wording.STANDINGS[each.standing],
        each.district.name,
        each.partner.name,
        wording.PARTNERS[each.partner.kind],
        wording.GROUNDS[each.basis].title,
        wording.GROUNDS[each.basis].citation,
        wording.purpose_title(each.purpose.code),
        each.purpose.words,
        each.term.first_day.isoformat(),
        each.term.last_day.isoformat(),
        each.term.time_zone,
        _joined(
            f"{wording.dataset_title(terms.dataset)}: {wording.element_words(line)}"
            for terms in each.datasets
            for line in terms.elements
        ),
        _joined(f"{wording.dataset_title(terms.dataset)}: {', '.join(terms.school_years)}" for terms in each.datasets),
        _joined(f"{row.name}: {row.interest}" for row in each.subrecipients),
        wording.OPT_OUTS[each.opt_outs],
        wording.COUNTING if months is None else _joined(f"{row.month:%Y-%m}: {row.disclosures}" for row in months),
        wording.status_words(each.duties.review),
        wording.status_words(each.duties.destruction),
        each.replaces or "",
        each.replaced_by or "",
        "grants nothing by itself" if each.framework else "",
        each.master or "",
        _joined(each.children),
        "" if each.bearer_until is None else each.bearer_until.isoformat(),
        each.people_behind,
    )


def _joined(parts: Iterable[str]) -> str:
    return _SEPARATOR.join(parts)
