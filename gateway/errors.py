"""The gateway's base error. What a code means on the wire is decided in one place, `gateway.problems`."""

from collections.abc import Mapping
from typing import ClassVar, Self


class Sentence(str):
    """
    A sentence that is said for one case, and remembers what it was made of.

    Wherever it goes it is plain English. A page finds `pattern` in its catalogue, and puts the `values` in again: a
    value that is a sentence of ours itself, such as the label of a field, is translated too. A value is never what
    somebody typed.
    """

    __slots__ = ("pattern", "values")

    pattern: str
    values: Mapping[str, str | int]

    def __new__(cls, pattern: str, **values: str | int) -> Self:
        """Return the sentence; `pattern` holds each value as `%(name)s`, and no other per cent sign."""
        made = super().__new__(cls, pattern % values)
        made.pattern, made.values = pattern, values
        return made


class GatewayError(Exception):
    """
    Something the gateway will not or cannot do.

    The message is for the log and the operator. `public_detail` is for whoever asked and never says more than they
    may know. `remedy` says what to do next. None of the three ever holds personal data or a secret.
    """

    code: ClassVar[str] = "gateway_error"
    public_detail: str = "The gateway could not do this."
    remedy: str = ""

    def __init__(self, message: str, *, public_detail: str | None = None, remedy: str | None = None) -> None:
        super().__init__(message)
        if public_detail is not None:
            self.public_detail = public_detail
        if remedy is not None:
            self.remedy = remedy


class SaidHere(GatewayError):
    """
    A refusal whose sentence is said where it is raised, to a person who reads a page.

    The sentence is a constant, or a `Sentence` if it holds a value: the pages have it in every language. It names
    fields, keys and parties, never a person, and never says what was typed.
    """

    def __init__(self, sentence: str, *, remedy: str | None = None) -> None:
        super().__init__(sentence, public_detail=sentence, remedy=remedy)


def without_remedy(public_detail: str, remedy: str) -> str:
    """Return what an error says happened, without its remedy, which some rooms say in the same breath."""
    if not remedy or not public_detail.endswith(remedy):
        return public_detail
    return public_detail.removesuffix(remedy).rstrip()


class SettingsError(GatewayError):
    """A setting is missing or has a value the gateway refuses to run with."""

    code = "settings"
    public_detail = "The gateway is not configured for this."


class KeysMissing(GatewayError):
    """The gateway's own keys are not there, or are not private."""

    code = "keys_missing"
    public_detail = "The gateway is not configured for this."
    remedy = (
        "Put back your copy of the keys folder, or set PACTGATE_KEYS."
        " Only a new installation runs `pactgate keys init`."
    )


class WrappingKeyMissing(KeysMissing):
    """A link is wrapped by a key that this machine does not have: nothing is said about whose it is."""

    code = "wrapping_key_missing"
    public_detail = ""
    remedy = "Put the key's file into the keys folder of this machine; a running gateway finds it within five seconds."
