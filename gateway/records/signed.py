"""
What a signed consent says besides whom and which elements: who signed, to whom and what for, how, and what proves it.

34 CFR 99.30(b): the records, the purpose, the party. RCW 28A.605.030(2): what will be done, told before. 34 CFR
99.30(d): an electronic form authenticates the signer, and shows an act of approval. INVARIANT: a consent that lacks one
of these is none. Rows that are older than these columns say nothing in any of them (decision 0053).
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

MOST_LETTERS: Final = 1_000
"""Of what will be done with the records, and of a name a fifth of it."""


class Capacity(StrEnum):
    """In which capacity somebody speaks for a student."""

    PARENT = "parent"
    """Either parent, or a guardian: 34 CFR 99.3 counts both."""
    ELIGIBLE_STUDENT = "eligible_student"
    """The student, from 18 on (34 CFR 99.5(a)(1))."""


class Form(StrEnum):
    """How a consent was signed."""

    PAPER = "paper"
    ELECTRONIC = "electronic"


class Authentication(StrEnum):
    """How the signer of an electronic form was known to be who they are. Nothing else authenticates anybody."""

    DISTRICT_ACCOUNT = "district_account"
    """Signed in with an account that the district gave to this person."""
    CODE_SENT = "code_sent"
    """A code sent to an address or telephone number that the district had on file before."""
    IDENTITY_DOCUMENT = "identity_document"
    """An identity document was looked at."""
    CERTIFICATE = "certificate"
    """A certificate of a person, verified."""


class Approval(StrEnum):
    """By which act the signer of an electronic form approved. What was ticked beforehand is no act."""

    DRAWN_SIGNATURE = "drawn_signature"
    TYPED_NAME = "typed_name"
    TICKED_BOX = "ticked_box"
    CONFIRMED = "confirmed"
    """A button or step of its own that says what is approved."""


_TYPED: Final = {
    **dict.fromkeys(map(ord, "'`\u00b4\u02b9\u02bb\u02bc\u02bd\u02c8\u2018\u2019\u201b\u2032\uff07")),
    **dict.fromkeys(map(ord, "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"), " "),
}
"""What stands for an apostrophe is left out, what stands for a hyphen is a blank."""


@dataclass(frozen=True, slots=True)
class SignerName:
    """The name of whoever signed, or speaks for a student. Personal data of others than students: never printed."""

    words: str = field(repr=False)

    def __str__(self) -> str:
        return "a name"

    @property
    def plain(self) -> str:
        """Return the form in which names are kept: composed, without case and without extra blanks; no guessing."""
        return " ".join(unicodedata.normalize("NFKC", self.words).casefold().split())

    @property
    def compared(self) -> str:
        """Return the form in which names are compared (`compared_name`)."""
        return compared_name(self.words)


def compared_name(words: str) -> str:
    """
    Return a name as it is compared: two that differ in more than how one name is typed are two persons.

    That is case, blanks, composition, signs that are not seen, and which sign stands for an apostrophe or a hyphen.
    Word processors exchange these by themselves, and a parent whose rights a court revoked must not pass by it.
    """
    typed = "".join(each for each in words.translate(_TYPED) if unicodedata.category(each) != "Cf")
    return SignerName(typed).plain


_SAID: Final[Mapping[str, str]] = MappingProxyType(
    {
        "signer": "who signed (34 CFR 99.30(b), a signature is somebody's)",
        "purpose": "the purpose (34 CFR 99.30(b)(2))",
        "party": "the party that receives the records (34 CFR 99.30(b)(3))",
        "what_will_be_done": "what will be done with the records (RCW 28A.605.030(2))",
        "form": "whether it was signed on paper or electronically (34 CFR 99.30(d))",
        "evidence": "the digest of its scan, or of the record of the electronic act",
        "notice": "the digest of the notice that was shown before (RCW 28A.605.030(2))",
        "notice_language": "the language of that notice",
    }
)
_PROOF: Final[Mapping[str, str]] = MappingProxyType(
    {
        "authenticated_by": "how the signer was authenticated (34 CFR 99.30(d)(1))",
        "approved_by": "the act by which the signer approved (34 CFR 99.30(d)(2))",
    }
)
SAID: Final = tuple(_SAID)
"""What every consent says, in the order of the table."""
PROOF: Final = tuple(_PROOF)
"""What an electronic one says besides, and one on paper does not."""


def lack_of(values: Mapping[str, object]) -> str | None:
    """Return what a consent lacks, in words that quote nothing of it; None if it lacks nothing."""
    for name, meaning in _SAID.items():
        if values.get(name) is None:
            return f"{name} is missing: {meaning}"
    is_electronic = values.get("form") == Form.ELECTRONIC
    for name, meaning in _PROOF.items():
        if is_electronic and values.get(name) is None:
            return f"{name} is missing: {meaning}"
        if not is_electronic and values.get(name) is not None:
            return f"{name} is for electronic forms alone"
    return None


def is_older(values: Mapping[str, object]) -> bool:
    """Whether a row says nothing of what consents have said since they have to: it can only be one from before."""
    return all(values.get(name) is None for name in (*SAID, *PROOF))
