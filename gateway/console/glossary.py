"""The words of the pages, each with what it means: the glossary of the design, in the languages of the pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from fastapi import APIRouter, Request, Response

from gateway.console.callers import AnyStaff
from gateway.console.views import view
from gateway.pages.languages import message


@dataclass(frozen=True, slots=True)
class Word:
    """A word as people read it, and what it means, in a sentence or two."""

    word: str
    means: str


WORDS: Final[Mapping[str, Word]] = MappingProxyType(
    {
        "district": Word(
            message("District"), message("The school district (LEA) that keeps the records and runs this.")
        ),
        "partner": Word(message("Partner"), message("An organisation that receives records of some students.")),
        "agreement": Word(
            message("Agreement"),
            message(
                "A data-sharing agreement: what a partner may receive, about whom, for what and until when. Signed by"
                " both parties; nothing leaves but by one."
            ),
        ),
        "basis": Word(
            message("Legal basis"),
            message("What in the law (FERPA) allows an agreement to share without asking, or asks."),
        ),
        "purpose": Word(message("Purpose"), message("What the partner may use the records for, and nothing else.")),
        "element": Word(message("Element"), message("One kind of value, such as a grade level, by its CEDS number.")),
        "dataset": Word(message("Dataset"), message("A group of elements that are served together.")),
        "transformation": Word(
            message("As"), message("What becomes of a value before it leaves: whole, coarser, or not at all.")
        ),
        "population": Word(message("Population"), message("The students that an agreement covers today.")),
        "roster": Word(
            message("Roster"),
            message("A list of the students whom a partner serves. It covers nobody until the district accepts it."),
        ),
        "consent": Word(message("Consent"), message("A signed yes of a family, or of a student from 18 on.")),
        "opt_out": Word(message("Opt-out"), message("A family's no. It acts on the next request.")),
        "grant": Word(
            message("Grant"), message("The elements, students and time that one program has under one agreement.")
        ),
        "program": Word(message("Program"), message("A partner's software that asks, with a key of its own.")),
        "disclosure": Word(message("Disclosure"), message("Records that left to a partner, as one entry of the log.")),
        "entry": Word(
            message("Entry"),
            message("One record in the log. What is in it cannot be changed afterwards without being found."),
        ),
        "checkpoint": Word(message("Checkpoint"), message("The log's size and fingerprint at one moment, signed.")),
        "receipt": Word(
            message("Receipt"), message("The proof that an entry is in the log, for whoever wants to check.")
        ),
        "witness": Word(
            message("Witness"),
            message("Somebody outside who signs checkpoints, so that the log cannot be rewritten unseen."),
        ),
        "accounting": Word(
            message("Accounting"), message("The list of everything that left about one student, for the family.")
        ),
        "record_code": Word(
            message("Record code"),
            message("The random name of a student under one agreement: two partners cannot join their data by it."),
        ),
        "obligation": Word(message("Obligation"), message("What somebody owes by an agreement, such as destruction.")),
        "certificate": Word(
            message("Certificate"), message("A partner's signed word that it has destroyed what it received.")
        ),
        "epoch": Word(
            message("Epoch"),
            message("The number of the last entry that changed what may leave: every answer names it."),
        ),
        "mapping": Word(message("Mapping"), message("A file that says which column of an export is which element.")),
        "code": Word(
            message("Code"),
            message("A value from a list of the district's own. Two stewards say what it tells before it leaves."),
        ),
        "held": Word(
            message("Held"), message("A load that would change or end suspiciously much: it waits for two people.")
        ),
        "paper": Word(
            message("Paper"), message("A document that waits for signatures. Nothing counts before it is complete.")
        ),
    }
)
"""Every word by its name in addresses, in the order in which they build on one another."""


def glossary_router() -> APIRouter:
    """Return the route of the words."""
    router = APIRouter(include_in_schema=False)

    @router.get("/console/words", name="console_words")
    async def read_words(request: Request, staff: AnyStaff) -> Response:
        """Show every word with what it means."""
        return view(request, staff.session, "words", "glossary.html", all_words=WORDS)

    return router
