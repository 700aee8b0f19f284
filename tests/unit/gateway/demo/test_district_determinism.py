import os
import subprocess
import sys
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from gateway.demo.district import HEADERS, SchoolYearError, generate, write_csv
from tests.factories.fictional_district import SEED, TODAY, district

SMALL = 400
SCRIPT = """
import sys, datetime, pathlib
from gateway.demo.district import generate, write_csv
write_csv(generate(7, today=datetime.date(2026, 11, 23), students=400), pathlib.Path(sys.argv[1]))
"""


def digests(folder: Path) -> dict[str, str]:
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_too_few_students_to_play_every_part_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 400"):
        generate(SEED, today=TODAY, students=399)


@pytest.mark.parametrize("day", [date(2026, 9, 10), date(2027, 7, 1), date(2026, 6, 1)])
def test_a_day_outside_the_school_year_is_refused(day: date) -> None:
    with pytest.raises(SchoolYearError):
        generate(SEED, today=day)


def test_the_same_seed_gives_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    write_csv(generate(7, today=TODAY, students=SMALL), here)
    environment = {
        **os.environ,
        "PYTHONHASHSEED": "1",
        "LC_ALL": "C",
        "TZ": "Asia/Tokyo",
        "PYTHONPATH": str(Path.cwd()),
    }
    subprocess.run([sys.executable, "-c", SCRIPT, str(there)], check=True, env=environment)
    assert digests(here) == digests(there)


def test_another_seed_gives_other_students() -> None:
    one, other = (generate(seed, today=TODAY, students=SMALL) for seed in (1, 2))
    assert {row.student_number for row in one.students} != {row.student_number for row in other.students}


def test_the_seed_does_not_depend_on_what_was_generated_before() -> None:
    first = generate(SEED, today=TODAY, students=SMALL)
    generate(SEED + 1, today=TODAY, students=SMALL)
    assert generate(SEED, today=TODAY, students=SMALL) == first


def test_every_file_opens_with_its_header_and_holds_every_row(tmp_path: Path) -> None:
    made = district()
    paths = write_csv(made, tmp_path)
    assert list(paths) == list(HEADERS)
    for name, path in paths.items():
        first = path.read_text(encoding="utf-8").splitlines()[0]
        assert first == ",".join(HEADERS[name])
    lines = paths["attendance"].read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(made.attendance) + 1
