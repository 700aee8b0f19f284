"""docs/settings.md and the code name the same settings, with the same defaults."""

import re
from pathlib import Path

from gateway.settings import CATALOGUE

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"
ROW = re.compile(r"^\| `(PACTGATE_\w+)` \| (?:`([^`]+)`)? *\| (.+?) \|(.*)\|$", re.MULTILINE)


def test_every_setting_is_documented_and_nothing_else_is() -> None:
    documented = {name for name, *_ in ROW.findall(PAGE.read_text())}
    assert documented == set(CATALOGUE)
    assert documented >= set(re.findall(r"PACTGATE_\w+", PAGE.read_text()))


def test_documented_defaults_are_the_defaults() -> None:
    assert {name: default for name, default, *_ in ROW.findall(PAGE.read_text())} == dict(CATALOGUE)
