"""What the services refuse because of how things stand, each with its remedy."""

from gateway.errors import GatewayError


class UnknownAgreement(GatewayError):
    """The agreement is not in force here."""

    code = "unknown_agreement"
    public_detail = "No such agreement is in force."
    remedy = "List them with `pactgate agreement show`; activate it first if it is new."


class UnknownClient(GatewayError):
    """No such client is registered."""

    code = "no_such_client"
    public_detail = "No such client is registered."
    remedy = "Register it with `pactgate client register`."


class NothingToUndo(GatewayError):
    """The suspension that a reinstatement names is not in force."""

    code = "nothing_to_undo"
    public_detail = "There is no such suspension."
    remedy = "Name the entry of the suspension in force; `pactgate agreement show` and the log give it."
