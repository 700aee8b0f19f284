"""Refusals about emergency orders and what is released by them, each with its remedy."""

from gateway.errors import GatewayError


class UnknownOrder(GatewayError):
    """No emergency order with this digest is registered."""

    code = "no_such_order"
    public_detail = "No such emergency order is registered."
    remedy = "Register the order first: `pactgate emergency register`."


class OrderEnded(GatewayError):
    """The emergency order was ended before its hours were over, which is for good."""

    code = "order_was_ended"
    public_detail = "This emergency order was ended."
    remedy = "An ended order stays so; if the threat is there still, order anew."


class ReleaseRefused(GatewayError):
    """The emergency order does not give what was asked for, or not now."""

    code = "release_refused"
    public_detail = "The emergency order does not give this."
    remedy = "Its page and `pactgate emergency explain` say what leaves by it, and what stands against the rest."


class OtherStudents(GatewayError):
    """The students named are not those that the officer's signature is for."""

    code = "other_students"
    public_detail = "These are not the students the release was signed for."
    remedy = "Give the numbers of exactly those students, or make the release again."


class TooManyStudents(GatewayError):
    """All releases by an emergency order together would concern more students than it is for."""

    code = "too_many_students"
    public_detail = "The emergency order is for fewer students."
    remedy = "If more are in danger, order anew, and say how many."
