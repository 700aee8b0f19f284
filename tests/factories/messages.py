"""What the pages say, taken from templates, code and errors: the sentences that every catalogue must have."""

import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po

from gateway.services.accounting.cautions import SENTENCES
from tests.factories import refusals

GATEWAY = Path(__file__).parents[2] / "gateway"
LOCALE = GATEWAY / "pages/locale"
_PYTHON = {"message": None}
_PAGES = {"_": None, "gettext": None, "ngettext": (1, 2)}


def spoken() -> dict[str | tuple[str, ...], list[str]]:
    """Return each message with the places where it stands; of a plural, both of its forms."""
    found: dict[str | tuple[str, ...], list[str]] = {}
    of_errors = (*refusals.said_by_titles(), *refusals.said_by_classes(), *refusals.said_where_raised())
    for said, place in (*_in_pages(), *_in_code(), *_in_cautions(), *of_errors):
        found.setdefault(said, []).append(place)
    return found


def catalogue(language: str) -> Catalog:
    """Return the catalogue of a language as it stands in its file."""
    return read_po(io.BytesIO((LOCALE / f"{language}.po").read_bytes()), abort_invalid=True)


def _in_pages() -> Iterator[tuple[str | tuple[str, ...], str]]:
    for file in sorted(GATEWAY.glob("*/templates/*.html")):
        if file.parts[-3] == "register":
            continue  # the public register is in English alone
        content = io.BytesIO(file.read_bytes())
        options = {"trimmed": "false", "silent": "false", "trim_blocks": "true", "lstrip_blocks": "true"}
        for line, said, _, _ in extract("jinja2", content, keywords=_PAGES, options=options):
            yield said, f"{file.relative_to(GATEWAY)}:{line}"


def _in_cautions() -> Iterator[tuple[str, str]]:
    """What services say in English on the command line, and pages in the language of whoever reads."""
    for code, sentence in SENTENCES.items():
        yield sentence, f"a caution: {code}"


def _in_code() -> Iterator[tuple[str | tuple[str, ...], str]]:
    for file in sorted(GATEWAY.rglob("*.py")):
        content = file.read_bytes()
        if b"message(" in content:
            for line, said, _, _ in extract("python", io.BytesIO(content), keywords=_PYTHON):
                yield said, f"{file.relative_to(GATEWAY)}:{line}"
