"""The pages of the documentation as tests read them: code blocks, tables, commands, names."""

import re
import shlex
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (*ROOT.glob("*.md"), *DOCS.glob("**/*.md"), *(ROOT / "deploy").glob("*.md"))
)
"""Every page, by its path below the root."""
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")


def text_of(page: str) -> str:
    """Return the text of a page."""
    return (ROOT / page).read_text("utf-8")


def blocks(page: str, language: str) -> list[str]:
    """Return the code blocks in a language, in order."""
    return [code for kind, code in _BLOCK.findall(text_of(page)) if kind == language]


def inline(page: str) -> list[str]:
    """Return what stands between backticks in the prose, in order."""
    return _INLINE.findall(_BLOCK.sub("", text_of(page)))


def commands(page: str, program: str) -> list[list[str]]:
    """Return every call of `program` on a page, in code and prose, as words without the program."""
    lines = [line for code in blocks(page, "sh") for line in code.splitlines()]
    lines += [line for line in text_of(page).splitlines() if line.startswith("    ")] + inline(page)
    found = []
    for line in lines:
        stripped = line.strip()
        if stripped == program or stripped.startswith(f"{program} "):
            found.append(shlex.split(stripped, comments=True)[len(program.split()) :])
    return found


def rows(page: str, *, first: str) -> list[list[str]]:
    """Return the cells of the table whose first heading is `first`, without the head. A page has one such table."""
    lines = iter(text_of(page).splitlines())
    for line in lines:
        if line.startswith(f"| {first} |"):
            break
    else:
        raise AssertionError(f"{page} has no table of {first}")
    next(lines)
    table = []
    for line in lines:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in line.strip("|").split("|")])
    return table


def quoted(cell: str) -> str:
    """Return what a cell holds between its backticks."""
    found = _INLINE.fullmatch(cell)
    assert found is not None, cell
    return found[1]
