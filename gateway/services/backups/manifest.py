"""What a backup says of itself: which log it holds, up to where, and the digest of each of its parts."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import jsonschema

from agreements.canonical import Json, canonical_bytes, digest_of, read_json
from agreements.errors import MalformedDocument
from gateway.errors import GatewayError
from gateway.store.copies import Copied, Table, digest_of_file

MANIFEST: Final = "manifest.json"
_FORMAT: Final = "pactgate-backup/1"
_NAME: Final = {"type": "string", "pattern": "^[a-z_][a-z0-9_]*$"}
_DIGEST: Final = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}
_COUNT: Final = {"type": "integer", "minimum": 0}
_SHAPE: Final = {
    "type": "object",
    "additionalProperties": False,
    "required": ["format", "made_at", "revision", "log", "tables"],
    "properties": {
        "format": {"const": _FORMAT},
        "made_at": {"type": "string"},
        "revision": {"type": "string", "pattern": "^[0-9a-z]{1,32}$"},
        "log": {
            "type": "object",
            "additionalProperties": False,
            "required": ["origin", "size", "tree_head", "checkpoint"],
            "properties": {
                "origin": {"type": "string"},
                "size": _COUNT,
                "tree_head": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
                "checkpoint": {"type": ["string", "null"]},
            },
        },
        "tables": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["schema", "name", "columns", "rows", "digest"],
                "properties": {
                    "schema": _NAME,
                    "name": _NAME,
                    "columns": {"type": "array", "minItems": 1, "items": _NAME},
                    "rows": _COUNT,
                    "digest": _DIGEST,
                },
            },
        },
    },
}
_LONGEST: Final = 4_000_000


class BackupRefused(GatewayError):
    """The folder is no backup that can be made or restored as it is. Nothing was changed."""

    code = "backup_refused"
    public_detail = "The backup cannot be used."


@dataclass(frozen=True, slots=True)
class Part:
    """A table of the backup and its file."""

    table: Table
    copied: Copied

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.table.schema}.{self.table.name}.copy.gz"


@dataclass(frozen=True, slots=True)
class Manifest:
    """
    What a backup holds. `size` and `tree_head` are those of the log, `checkpoint` its newest signed checkpoint.

    `revision` is the newest migration that had run.
    """

    made_at: str
    revision: str
    origin: str
    size: int
    tree_head: bytes
    checkpoint: str | None
    parts: tuple[Part, ...]

    @property
    def canonical(self) -> bytes:
        """The bytes of the manifest's file."""
        tables: list[Json] = [
            {
                "schema": part.table.schema,
                "name": part.table.name,
                "columns": [*part.table.columns],
                "rows": part.copied.rows,
                "digest": part.copied.digest,
            }
            for part in self.parts
        ]
        log: Mapping[str, Json] = {
            "origin": self.origin,
            "size": self.size,
            "tree_head": self.tree_head.hex(),
            "checkpoint": self.checkpoint,
        }
        return canonical_bytes(
            {"format": _FORMAT, "made_at": self.made_at, "revision": self.revision, "log": {**log}, "tables": tables}
        )

    @property
    def digest(self) -> str:
        """The digest that stands for the whole backup: whoever wrote it down knows the backup again."""
        return digest_of(self.canonical)


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a backup. Raises `BackupRefused`."""
    try:
        with (folder / MANIFEST).open("rb") as file:
            raw = file.read(_LONGEST)
        content = read_json(raw)
        jsonschema.validate(content, _SHAPE)
    except OSError as error:
        raise BackupRefused(
            f"{folder} has no manifest that can be read: {error.strerror}.",
            remedy="Name the folder that `pactgate backup` wrote; one without a manifest was never finished.",
        ) from None
    except (MalformedDocument, jsonschema.ValidationError):
        raise BackupRefused(f"The manifest in {folder} is damaged.", remedy="Use another copy.") from None
    found = cast("dict[str, Any]", content)
    log = found["log"]
    return Manifest(
        found["made_at"],
        found["revision"],
        log["origin"],
        log["size"],
        bytes.fromhex(log["tree_head"]),
        log["checkpoint"],
        tuple(
            Part(Table(row["schema"], row["name"], tuple(row["columns"])), Copied(row["rows"], row["digest"]))
            for row in found["tables"]
        ),
    )


def require_whole(folder: Path, manifest: Manifest) -> None:
    """Check that every part is there, to the byte. Raises `BackupRefused`, naming the first that is not."""
    for part in manifest.parts:
        try:
            found = digest_of_file(folder / part.file)
        except OSError as error:
            raise BackupRefused(
                f"The part {part.file} cannot be read: {error.strerror}.", remedy="Use another copy."
            ) from None
        if found != part.copied.digest:
            raise BackupRefused(f"The part {part.file} is not what was written.", remedy="Use another copy.")
