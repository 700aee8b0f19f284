"""docs/mapping-files.md names a test for each kind of file that means harm, and each is there."""

import ast
import re

from tests.factories.pages import ROOT, rows

PAGE = "docs/mapping-files.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def test_every_guard_on_hostile_files_has_the_test_that_the_page_names() -> None:
    for what, _, tests in rows(PAGE, first="a file with"):
        named = NAMED.findall(tests)
        assert named, f"no test is named for {what}"
        for path, name in named:
            tree = ast.parse((ROOT / path).read_text("utf-8"))
            there = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
            assert name in there, f"{path} has no {name}"
