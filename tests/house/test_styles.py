"""A class of the pages' own style sheet is said once: what two pages call alike is one thing."""

import re
from pathlib import Path

import gateway.pages

STYLE = Path(gateway.pages.__file__).parent / "style" / "pages.css"


def test_no_class_is_said_twice_alone_at_the_top_of_the_style_sheet() -> None:
    alone = re.findall(r"^(\.pg-[a-z-]+) \{", STYLE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(alone) > 20
    assert sorted(set(alone)) == sorted(alone)
