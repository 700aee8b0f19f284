"""
docs/claims.md and the tests agree, both ways: each listed file defends its claim, each file that defends one is listed.

`@pytest.mark.claim(n)` on a test, or in its file's `pytestmark`, is what counts as defending.
"""

import ast
import re
from collections import defaultdict
from functools import cache

import pytest

from tests.factories.pages import ROOT, text_of

PAGE = "docs/claims.md"
CLAIMS = range(1, 13)
HEADING = re.compile(r"^## (\d+)\. .+$", re.MULTILINE)
FILE = re.compile(r"- `(tests/[\w/]+\.py)`")
LATER = re.compile(r"- not yet: issue \d+")


def sections() -> dict[int, str]:
    parts = HEADING.split(text_of(PAGE))
    return {int(number): text for number, text in zip(parts[1::2], parts[2::2], strict=True)}


def listed() -> dict[int, list[str]]:
    return {number: FILE.findall(text) for number, text in sections().items()}


def claims_in(source: str) -> set[int]:
    """The claims that a test file's markers name, wherever they stand in it."""
    found: set[int] = set()
    if "mark.claim" not in source:
        return found
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.claim":
            (number,) = node.args
            assert isinstance(number, ast.Constant)
            assert isinstance(number.value, int)
            found.add(number.value)
    return found


@cache
def defended() -> dict[int, list[str]]:
    files: dict[int, list[str]] = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for number in claims_in(path.read_text("utf-8")):
            files[number].append(path.relative_to(ROOT).as_posix())
    return files


def test_a_marker_is_read_wherever_it_stands() -> None:
    assert claims_in("import pytest\npytestmark = [pytest.mark.claim(3), pytest.mark.realdata]") == {3}
    assert claims_in("@pytest.mark.claim(1)\n@pytest.mark.claim(12)\ndef test_x() -> None: ...") == {1, 12}
    assert claims_in("def test_x() -> None: ...") == set()


def test_all_twelve_claims_are_there_in_order() -> None:
    assert list(sections()) == list(CLAIMS)


@pytest.mark.parametrize("number", CLAIMS)
def test_a_claim_lists_the_tests_that_defend_it_and_no_others(number: int) -> None:
    assert listed()[number] == defended().get(number, []), f"correct the list of claim {number} in {PAGE}"


@pytest.mark.parametrize("number", CLAIMS)
def test_a_claim_is_defended_or_says_which_issue_will_do_it_and_nothing_else(number: int) -> None:
    lines = [line for line in sections()[number].splitlines() if line.startswith("- ")]
    assert lines
    for line in lines:
        assert FILE.fullmatch(line) or LATER.fullmatch(line), line


def test_each_file_of_the_claims_folder_names_its_claim_in_its_docstring_and_its_markers() -> None:
    for path in sorted((ROOT / "tests" / "claims").glob("test_*.py")):
        named = re.match(r"test_claim_(\d\d)_", path.name)
        assert named is not None, path.name
        source = path.read_text("utf-8")
        assert int(named[1]) in claims_in(source), path.name
        docstring = ast.get_docstring(ast.parse(source)) or ""
        assert re.search(rf"\bClaim {int(named[1])}\b", docstring), path.name


def test_every_listed_file_is_there() -> None:
    assert all((ROOT / file).is_file() for files in listed().values() for file in files)
