"""The register as pages: one template a page, every value escaped, and no way to mark one as safe."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from gateway.register import wording
from gateway.services.publishing.public_register import PublicAgreement, PublicRegister

STYLESHEET: Final = files("gateway.register").joinpath("templates", "register.css").read_bytes()

_PAGES: Final = Environment(
    loader=PackageLoader("gateway.register"),
    autoescape=True,  # everywhere: there is no template here that is not a page
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
# What nothing here needs and what would turn a value into markup.
for _filter in ("safe", "xmlattr", "tojson"):
    del _PAGES.filters[_filter]
_PAGES.globals = {"wording": wording}


@dataclass(frozen=True, slots=True)
class Links:
    """Where the parts of the register lie as seen from one page: served and as files they lie differently."""

    index: str
    stylesheet: str
    csv: str
    json: str
    pages: Mapping[str, str]
    """Digest -> page, of the agreements in the register. Others are named and not linked to."""


def index_page(register: PublicRegister, links: Links) -> bytes:
    """Return the page that lists every agreement."""
    counts = [
        (words, sum(each.standing is standing for each in register.agreements))
        for standing, words in wording.STANDINGS.items()
    ]
    found = {"counts": [(words, count) for words, count in counts if count]}
    return _PAGES.get_template("index.html").render(register=register, links=links, **found).encode()


def agreement_page(register: PublicRegister, agreement: PublicAgreement, links: Links) -> bytes:
    """Return the page of one agreement."""
    known = {each.digest: each for each in register.agreements}
    return (
        _PAGES.get_template("agreement.html")
        .render(register=register, agreement=agreement, links=links, known=known)
        .encode()
    )
