"""
A form that was refused, shown again: what was sent stands in its fields, and at the top what is wrong with it.

INVARIANT: a form with a private key in it is never shown again, and neither is a student's number.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from fastapi import Request

from agreements.errors import AgreementError, BadKey
from gateway.console.errors import BadForm, BadOrder, BadWish
from gateway.errors import GatewayError, without_remedy
from gateway.http import line_of
from gateway.pages.remedies import remedy_on_page
from gateway.problems import problem
from gateway.services.drafts.errors import DraftMoved
from gateway.services.inbox.errors import CaseRefused

REFUSALS: Final = (GatewayError, AgreementError)
"""What a room says of a form that it cannot take."""
_NUMBER: Final = "number"
_ALREADY_THERE: Final = (AgreementError, BadForm, BadOrder, BadWish, CaseRefused, DraftMoved)
"""Refusals whose remedy is to go back and correct it: whoever sees the form again is there already."""


@dataclass(frozen=True, slots=True)
class Again:
    """Why a form was refused, and `form`, what was sent by the names of its fields. `moved`: a draft had moved on."""

    sentence: str
    remedy: str
    status: int
    form: Mapping[str, str] = field(repr=False)
    moved: bool = False


def again(request: Request, error: GatewayError | AgreementError, form: Mapping[str, str]) -> Again:
    """
    Return what a page shows of a form that was refused. The refusal stands in the request's log line as any other.

    Raises `error` itself where there is nothing to correct: a fault of ours, or a private key.
    """
    status = problem(error.code, error.public_detail, to_staff=True).status
    if isinstance(error, BadKey) or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise error
    line_of(request.scope).facts["error"] = error.code
    remedy = "" if isinstance(error, _ALREADY_THERE) else remedy_on_page(error)
    sent = {name: value for name, value in form.items() if name != _NUMBER}
    said = without_remedy(error.public_detail, getattr(error, "remedy", ""))
    return Again(said, remedy, status, sent, isinstance(error, DraftMoved))
