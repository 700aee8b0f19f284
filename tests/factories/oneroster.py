"""A made-up district in OneRoster CSV, versions 1.1 and 1.2: the same people, schools and classes in both."""

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from gateway.records.loading.mapping import MappingFile, parse_mapping

Rows = Sequence[Mapping[str, str]]
ACTIVE = {"status": "active", "dateLastModified": "2026-08-01T00:00:00.000Z"}
GONE = ACTIVE | {"status": "tobedeleted"}

ORGS = (
    {"sourcedId": "o-d", "name": "District", "type": "district", "identifier": "D1", "parentSourcedId": ""},
    {"sourcedId": "o-n", "name": "North", "type": "school", "identifier": "north", "parentSourcedId": "o-d"},
    {"sourcedId": "o-s", "name": "South", "type": "school", "identifier": "", "parentSourcedId": "o-d"},
)
SESSIONS = (
    ("s-y", "2025-2026", "schoolYear", "2025-09-01", "2026-06-12"),
    ("s-1", "Fall", "semester", "2025-09-01", "2026-01-23"),
    ("s-2", "Spring", "semester", "2026-01-23", "2026-06-12"),
)
PEOPLE = (
    ("u-1", "1001", "student", "Ana", "Ruiz", "07", "2014-06-05", "female", ("north",)),
    ("u-2", "1002", "student", "Chí", "Trần", "08", "", "male", ("north",)),
    ("u-3", "1003", "student", "李", "Ώmega", "12", "2009-02-28", "unspecified", ("north", "south")),
    ("u-9", "9001", "teacher", "Tea", "Cher", "", "", "", ("north",)),
)
CLASSES = (("c-1", "Algebra", "o-n", "s-1,s-2"), ("c-2", "Band", "o-n", "s-1"), ("c-3", "Art", "o-s", "s-2"))
ENROLLMENTS = (
    ("e-1", "c-1", "o-n", "u-1", "student", "", ""),
    ("e-2", "c-2", "o-n", "u-1", "student", "2025-09-08", "2025-10-01"),
    ("e-3", "c-1", "o-n", "u-2", "student", "2025-09-15", ""),
    ("e-4", "c-2", "o-n", "u-3", "student", "", ""),
    ("e-5", "c-3", "o-s", "u-3", "student", "", ""),
    ("e-6", "c-1", "o-n", "u-9", "teacher", "", ""),
)
_SCHOOLS = {"north": "o-n", "south": "o-s"}
_RACES = (
    "americanIndianOrAlaskaNative",
    "asian",
    "blackOrAfricanAmerican",
    "nativeHawaiianOrOtherPacificIslander",
    "white",
    "demographicRaceTwoOrMoreRaces",
    "hispanicOrLatinoEthnicity",
)


def shipped(version: str) -> MappingFile:
    """Return the mapping that ships for this version."""
    name = f"oneroster_{version.replace('.', 'p')}.toml"
    return parse_mapping((files("gateway.records.mappings") / name).read_text("utf-8"))


def bulk(version: str) -> dict[str, Rows]:
    """Return the whole district by file, without its manifest."""
    files_of: dict[str, Rows] = {
        "orgs": [ACTIVE | each for each in ORGS],
        "academicSessions": [
            ACTIVE
            | dict(zip(("sourcedId", "title", "type", "startDate", "endDate"), each, strict=True))
            | {"parentSourcedId": "", "schoolYear": "2026"}
            for each in SESSIONS
        ],
        "users": [user(version, *each) for each in PEOPLE],
        "demographics": [
            ACTIVE | {"sourcedId": each[0], "birthDate": each[6], "sex": each[7]} | dict.fromkeys(_RACES, "false")
            for each in PEOPLE
            if each[2] == "student"
        ],
        "classes": [
            ACTIVE
            | dict(zip(("sourcedId", "title", "schoolSourcedId", "termSourcedIds"), each, strict=True))
            | {"courseSourcedId": f"k-{each[0]}"}
            for each in CLASSES
        ],
        "enrollments": [enrollment(*each) for each in ENROLLMENTS],
    }
    if version == "1.2":
        files_of["roles"] = [
            ACTIVE
            | {"sourcedId": f"r-{each[0]}-{place}", "userSourcedId": each[0], "roleType": "primary"}
            | {"role": each[2], "beginDate": "", "endDate": "", "orgSourcedId": _SCHOOLS[school]}
            | {"userProfileSourcedId": ""}
            for each in PEOPLE
            for place, school in enumerate(each[8])
        ]
    return files_of


def user(version: str, *person: object) -> dict[str, str]:
    """Return a row of users.csv."""
    source, number, role, given, family, grade, _, _, schools = person
    assert isinstance(schools, tuple)
    row = ACTIVE | {
        "sourcedId": str(source),
        "enabledUser": "true",
        "username": f"x{number}",
        "givenName": str(given),
        "familyName": str(family),
        "middleName": "",
        "identifier": str(number),
        "email": "",
        "sms": "555-0199",
        "phone": "",
        "agentSourcedIds": "",
        "grades": str(grade),
        "password": "hunter2",
    }
    if version == "1.2":
        return row | {"userMasterIdentifier": "", "primaryOrgSourcedId": _SCHOOLS[schools[0]], "pronouns": ""}
    return row | {"orgSourcedIds": ",".join(_SCHOOLS[each] for each in schools), "role": str(role)}


def enrollment(*cells: str) -> dict[str, str]:
    """Return a row of enrollments.csv."""
    names = ("sourcedId", "classSourcedId", "schoolSourcedId", "userSourcedId", "role", "beginDate", "endDate")
    return ACTIVE | dict(zip(names, cells, strict=True)) | {"primary": ""}


def content(version: str, files_of: Mapping[str, Rows], kind: str = "bulk", *, bom: bool = False) -> dict[str, bytes]:
    """Return the export's files with their manifest, by name."""
    said = [("manifest.version", "1.0"), ("oneroster.version", version)]
    said += [(f"file.{name}", kind) for name in files_of]
    said += [] if "courses" in files_of else [("file.courses", "absent")]
    manifest = [{"propertyName": name, "value": value} for name, value in said]
    mark = b"\xef\xbb\xbf" if bom else b""
    return {f"{name}.csv": mark + _csv(rows) for name, rows in (("manifest", manifest), *files_of.items())}


def zipped(place: Path, members: Mapping[str, bytes]) -> Path:
    """Write these files into a zip archive."""
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return place


def unpacked(place: Path, members: Mapping[str, bytes]) -> Path:
    """Write these files into a folder."""
    place.mkdir()
    for name, data in members.items():
        (place / name).write_bytes(data)
    return place


def _csv(rows: Rows) -> bytes:
    written = io.StringIO(newline="")
    writer = csv.DictWriter(written, list(rows[0]), quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue().encode()
