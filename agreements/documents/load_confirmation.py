"""
A confirmation of a load: that an export which ends or changes suspiciously much is right all the same.

INVARIANT: it lets exactly one load through, the one that it describes: of these files, by this mapping, with these
counts. It holds counts and digests, and nothing about anybody.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from agreements.canonical import Json, canonical_bytes
from agreements.dates import read_date
from agreements.documents.reading import DISTRICT, read_shaped, refuse
from agreements.shapes import DATE, DIGEST, Shape, group, leaf, listing, text

MOST_FILES: Final = 500
MOST_PARTS: Final = 10_000
_MOST_LOADS: Final = 200
_MOST_ROWS: Final = 2**53 - 1


def _count(title: str) -> Shape:
    return leaf("rule", title, type="integer", minimum=0, maximum=_MOST_ROWS)


LOAD_CONFIRMATION: Final = group(
    "The confirmation of a load",
    {
        "format": leaf("rule", "The format", const="pactgate-load-confirmation/1"),
        "district": text("rule", "The district", DISTRICT, 80),
        "day": text("rule", "The day of the confirmation", DATE),
        "mapping": text("rule", "The digest of the mapping", DIGEST),
        "files": listing(
            "The files of the export",
            group(
                "A file",
                {
                    "layer": leaf("rule", "0: the export, else which delta", type="integer", minimum=0, maximum=1000),
                    "path": text("rule", "Its path in the export, or the pattern of its parts", limit=1000),
                    "digest": text("rule", "The digest of its bytes, or of all its parts", DIGEST),
                },
                {"parts": leaf("rule", "How many files it is", type="integer", minimum=1, maximum=MOST_PARTS)},
            ),
            most=MOST_FILES,
        ),
        "targets": listing(
            "What would change",
            group(
                "One target of the mapping",
                {
                    "target": text("rule", "The target", limit=80),
                    "file": text("rule", "The file of the mapping that fills it", limit=200),
                    "in_force": _count("Rows in force"),
                    "added": _count("Rows that begin"),
                    "changed": _count("Rows that change"),
                    "ended": _count("Rows that end"),
                },
            ),
            most=_MOST_LOADS,
            repeats=True,  # two loads of one table by one mapping change nothing alike on most nights
        ),
        "reason": text("words_only", "The reason"),
    },
)


@dataclass(frozen=True, slots=True, order=True)
class ExportedFile:
    """
    One file of the mapping, in the export (layer 0) or in a delta that changes it, by the SHA-256 of its bytes.

    Where `path` is a pattern, `parts` is how many files it stands for, and the digest is over all of them in order.
    """

    layer: int
    path: str
    digest: str
    parts: int = 0
    """0 of a file that is called as the path says: it stands in no document then."""

    @property
    def files(self) -> int:
        """How many files of the export it is."""
        return self.parts or 1


@dataclass(frozen=True, slots=True)
class TargetCounts:
    """What a load does to one target, in rows."""

    target: str
    file: str
    in_force: int
    added: int
    changed: int
    ended: int


@dataclass(frozen=True, slots=True)
class Confirmable:
    """All that tells one load from another: the mapping, the files in order, and the counts in the order of loading."""

    mapping: str
    files: tuple[ExportedFile, ...]
    targets: tuple[TargetCounts, ...]

    @property
    def file_count(self) -> int:
        """How many files of the export and of its deltas are read."""
        return sum(each.files for each in self.files)


@dataclass(frozen=True, slots=True)
class LoadConfirmation:
    """What is confirmed, of which day, and why."""

    district: str
    day: date
    load: Confirmable
    reason: str = field(repr=False)


def _written(file: ExportedFile) -> dict[str, Json]:
    parts: dict[str, Json] = {"parts": file.parts} if file.parts else {}
    return {"layer": file.layer, "path": file.path, "digest": file.digest, **parts}


def load_confirmation_bytes(confirmation: LoadConfirmation) -> bytes:
    """Return the canonical bytes of a confirmation."""
    files: list[Json] = [_written(each) for each in confirmation.load.files]
    targets: list[Json] = [
        {
            "target": each.target,
            "file": each.file,
            "in_force": each.in_force,
            "added": each.added,
            "changed": each.changed,
            "ended": each.ended,
        }
        for each in confirmation.load.targets
    ]
    return canonical_bytes(
        {
            "format": "pactgate-load-confirmation/1",
            "district": confirmation.district,
            "day": confirmation.day.isoformat(),
            "mapping": confirmation.load.mapping,
            "files": files,
            "targets": targets,
            "reason": confirmation.reason,
        }
    )


def read_load_confirmation(raw: bytes | str) -> LoadConfirmation:
    """Read a confirmation. Raises `MalformedDocument`, `InvalidDocument`."""
    content = read_shaped(raw, LOAD_CONFIRMATION)
    day = read_date(content["day"])
    if day is None:
        refuse(LOAD_CONFIRMATION, "/day", "format", "The load was confirmed on a day of the calendar.")
    load = Confirmable(
        content["mapping"],
        tuple(ExportedFile(**each) for each in content["files"]),
        tuple(TargetCounts(**each) for each in content["targets"]),
    )
    return LoadConfirmation(content["district"], day, load, content["reason"])
