"""
Exports whose columns are called as what they fill: nothing to translate, and every column of a target can be there.

    await load_plain(office, keys, folder, {"students": [{"student_identifier": "1001", …}]})
"""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from gateway.keys import GatewayKeys
from gateway.records.loading.mapping import MappingFile, parse_mapping
from gateway.records.loading.targets import fields_of
from gateway.records.subjects import SubjectKey
from gateway.services.loads import Loads
from gateway.services.office import Office
from tests.factories.confirmed import load_confirmed
from tests.factories.records import OFFICERS


async def load_plain(
    office: Office, keys: GatewayKeys, folder: Path, content: Mapping[str, Sequence[Mapping[str, object]]]
) -> None:
    """Write an export to `folder` and load it; no row may be refused."""
    for target, rows in content.items():
        with (folder / f"{target}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fields_of(target), restval="")
            writer.writeheader()
            writer.writerows(rows)
    loads = Loads(office.engine, SubjectKey(keys.subject), office.desk.scopes)
    report = await load_confirmed(loads, office.desk, OFFICERS, _mapping(content), folder)
    assert not report.refused, report.refused


def _mapping(targets: Mapping[str, object]) -> MappingFile:
    lines = ["format = 1", 'name = "plain"']
    for target in targets:
        lines += [f"[files.{target}]", f'path = "{target}.csv"']
    for target in targets:
        lines += ["[[load]]", f'target = "{target}"', f'from = "{target}"']
        lines += [f'fields.{name} = "{name}"' for name in fields_of(target)]
    return parse_mapping("\n".join(lines))
