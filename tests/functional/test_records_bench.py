"""The bench of records measures what it says: copies are read as students are, and only the check is left out."""

from pathlib import Path

import pytest

from gateway.store.session import connect
from tests.bench.deployment import deployed
from tests.bench.flat import flat_for
from tests.bench.many import TooMany, multiply, require_room
from tests.bench.reading import reading
from tests.bench.records_depth import depths
from tests.bench.records_population import checks
from tests.bench.scenes import DATASETS, served

STUDENTS, TIMES = 400, 3


def test_a_district_that_does_not_fit_on_the_disk_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TooMany):
        require_room(tmp_path, 10**12)


def test_a_column_of_two_kinds_would_be_answered_otherwise_and_is_refused() -> None:
    with pytest.raises(ValueError, match="holds"):
        flat_for("courses", "/v1/courses", [{"mark": 1}, {"mark": 1.5}])


async def test_every_served_dataset_is_measured_on_copies_and_the_check_alone_is_left_out(tmp_path: Path) -> None:
    async with deployed(tmp_path, STUDENTS, DATASETS, days=2) as bench, connect(bench.cluster.url("admin")) as admin:
        await multiply(admin, TIMES)
        kept = await admin.fetchval("SELECT count(DISTINCT code) FROM records.population WHERE to_idx IS NULL")
        async with reading(bench, turns=1) as reader:
            found = await depths(reader, admin)
            assert [each.dataset for each in found] == list(served())
            assert {each.students for each in found} == {kept}
            assert kept >= TIMES * bench.covered
            assert [each.dataset for each in await checks(reader, admin)] == list(served())
