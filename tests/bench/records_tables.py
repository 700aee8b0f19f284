"""The tables of `docs/records-speed.md`, in Markdown, as the command prints them."""

from collections.abc import Sequence
from typing import Final

from tests.bench.records_changes import Followed
from tests.bench.records_depth import FLAT, Depth, Growing
from tests.bench.records_pages import PageCost
from tests.bench.records_population import Checked
from tests.bench.table import markdown

PAGES: Final = (
    "dataset",
    "elements",
    "bytes",
    "bare / s",
    "unchecked / s",
    "Pactgate / s",
    "Pactgate / bare",
    "Pactgate / unchecked",
    "bare us",
    "unchecked us",
    "Pactgate us",
    "of these PostgreSQL us",
)
DEPTHS: Final = ("page of", "students", "first us", "middle us", "last us", "dearest / first", "flat")
GROWING: Final = ("grows", "students", "database us", "wall clock us")
CHANGES: Final = (
    "changes of",
    "pages walked",
    "first third us",
    "middle us",
    "last third us",
    "dearest / first",
    "flat",
    "after one withdrawal us",
)
CHECKS: Final = ("first page of", "with the check us", "without us", "with / without")


def pages_table(found: Sequence[PageCost]) -> str:
    """Return the pages over HTTP, a line each dataset."""
    return markdown(
        PAGES,
        (
            (
                each.dataset,
                f"{each.elements}",
                f"{each.body_bytes:,}",
                *(f"{route.rate:,.0f}" for route in (each.bare, each.unchecked, each.gateway)),
                *(f"{each.gateway.rate / route.rate:.2f}" for route in (each.bare, each.unchecked)),
                *(f"{route.processor_us:,.0f}" for route in (each.bare, each.unchecked, each.gateway)),
                f"{each.gateway.database_us:,.0f}",
            )
            for each in found
        ),
    )


def depths_table(found: Sequence[Depth]) -> str:
    """Return the pages at depth, by dataset and then by size."""
    order = list(dict.fromkeys(each.dataset for each in found))
    ordered = sorted(found, key=lambda each: (order.index(each.dataset), each.students))
    return markdown(
        DEPTHS,
        (
            (
                each.dataset,
                f"{each.students:,}",
                *(f"{page.database:,.0f}" for page in (each.first, each.middle, each.last)),
                f"{each.ratio:.2f}",
                is_flat(each.ratio),
            )
            for each in ordered
        ),
    )


def growing_table(found: Sequence[Growing]) -> str:
    """Return what grows with the population."""
    ordered = sorted(found, key=lambda each: (each.what, each.students))
    return markdown(
        GROWING,
        (
            (each.what, f"{each.students:,}", f"{each.taken.database:,.0f}", f"{each.taken.wall:,.0f}")
            for each in ordered
        ),
    )


def changes_table(found: Sequence[Followed]) -> str:
    """Return the walks through changes."""
    return markdown(
        CHANGES,
        (
            (
                each.dataset,
                f"{each.pages:,}",
                *(f"{taken:,.0f}" for taken in (each.first, each.middle, each.last)),
                f"{each.ratio:.2f}",
                is_flat(each.ratio),
                f"{each.after:,.0f}",
            )
            for each in found
        ),
    )


def checks_table(found: Sequence[Checked]) -> str:
    """Return the population check against none."""
    return markdown(
        CHECKS,
        (
            (each.dataset, f"{each.checked.database:,.0f}", f"{each.unchecked.database:,.0f}", f"{each.ratio:.2f}")
            for each in found
        ),
    )


def is_flat(ratio: float) -> str:
    """Return whether a page at depth costs what the first one does, in a word."""
    return "yes" if ratio <= FLAT else "**no**"
