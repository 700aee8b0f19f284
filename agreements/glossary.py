"""
The element catalogue as a page for people who write agreements.

`python -m agreements.glossary docs/elements.md` writes it again after a change of the catalogue; a test compares.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from agreements.elements import DATASETS, Catalogue, Element, Tier, load_catalogue

_HEAD = """# The elements an agreement can name

Written from `agreements/elements.toml`; do not edit it by hand. An agreement lists elements by id, one by one; a
request names them by their wire name. An element that stands in several datasets is listed once in each.

The tier says how sensitive an element is: {tiers}.
A transformation in brackets leaves a less sensitive value, of the tier that follows it. Sensitive elements (T4) leave
only with consent, on a line of their own; a gate is the statute that guards an element whatever the legal basis. An
element whose only transformation is `drop` is never released.
"""
_TIERS = {
    Tier.PSEUDONYMOUS: "pseudonymous",
    Tier.IDENTIFYING: "identifying",
    Tier.OUTCOME: "education outcome",
    Tier.SENSITIVE: "sensitive",
    Tier.SCHOOL_MEALS: "sensitive (school meals)",
    Tier.HOMELESSNESS: "sensitive (homelessness)",
    Tier.NEVER: "never released",
}


def page(catalogue: Catalogue) -> str:
    """Return the page, in Markdown."""
    return "\n".join(_lines(catalogue)) + "\n"


def _lines(catalogue: Catalogue) -> Iterator[str]:
    yield _HEAD.format(tiers=", ".join(f"{tier.value} {words}" for tier, words in _TIERS.items()))
    yield f"This catalogue has {len(catalogue.elements)} elements and the digest `{catalogue.digest}`."
    for dataset in DATASETS:
        yield f"\n## {dataset.replace('_', ' ').capitalize()}\n"
        yield f"Dataset `{dataset}`.\n"
        yield "| id | name | in words | tier | gate | transformations |"
        yield "|---|---|---|---|---|---|"
        for element in catalogue.in_dataset(dataset):
            yield _row(element)


def _row(element: Element) -> str:
    given = ", ".join(
        f"[`{each}`] {element.tiers[each]}" if each in element.tiers else f"`{each}`"
        for each in element.transformations
    )
    cells = (f"`{element.id}`", f"`{element.name}`", element.title, element.tier, element.gate or "", given)
    return f"| {' | '.join(cells)} |"


def write(path: Path) -> None:
    """Write the page of the catalogue shipped with this release to `path`."""
    path.write_text(page(load_catalogue()), "utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
