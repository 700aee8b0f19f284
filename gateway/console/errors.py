"""Refusals of the console's own pages."""

from gateway.errors import GatewayError, SaidHere


class BadSearch(SaidHere):
    """A field of a search holds what cannot be searched for."""

    code = "invalid_search"
    remedy = "Go back, correct the field, and search again."


class NotConfirmed(GatewayError):
    """What was typed to confirm an act is not the name of what it is about."""

    code = "not_confirmed"
    public_detail = "The name that was typed is not the one of what would be stopped. Nothing was done."
    remedy = "Go back, and type the name as it is shown."


class BadForm(SaidHere):
    """A field of a form lacks something, or holds what does not belong there."""

    code = "invalid_form"
    remedy = "Go back, correct the field, and send it again."


class BadWish(SaidHere):
    """A form of a family's wish lacks something."""

    code = "invalid_wish"
    remedy = "Go back, and fill it in."


class BadOrder(SaidHere):
    """A form of an emergency order lacks something."""

    code = "invalid_order"
    remedy = "Go back, and fill it in."


class NoSuchHold(GatewayError):
    """No such hold is open."""

    code = "no_such_hold"
    public_detail = "No such hold is open."
    remedy = "The page of obligations lists the holds."


class UnknownLoad(GatewayError):
    """There is no load with this entry."""

    code = "not_found"
    public_detail = "No load has this entry."
    remedy = "Open it from the list of loads."


class NothingSaid(SaidHere):
    """A form of a steward's says nothing, or not all."""

    code = "nothing_said"
    remedy = "Go back, and fill it in."


class AlreadyStopped(GatewayError):
    """What is to be stopped is stopped, and goes on being so."""

    code = "already_stopped"
    public_detail = "This is stopped already, and stays so until somebody's signature undoes it."
    remedy = "Its own page, or the page of stops, leads to the entry that stopped it."
