"""Refusals of the work on cases: alarms and incidents."""

from gateway.errors import GatewayError, SaidHere


class UnknownCase(GatewayError):
    """No alarm has a case of this number."""

    code = "unknown_case"
    public_detail = "No alarm has a case of this number."
    remedy = "Go back to the list of alarms."


class UnknownIncident(GatewayError):
    """No entry opened an incident under this number."""

    code = "unknown_incident"
    public_detail = "No entry opened an incident under this number."
    remedy = "`pactgate incident list` shows every incident with its number."


class CaseRefused(SaidHere):
    """What was to be noted about a case cannot be noted so."""

    code = "case_refused"
    remedy = "Correct it, and say it again."


class CaseMoved(GatewayError):
    """The case is not any more what was looked at: it was raised anew, or somebody resolved it."""

    code = "case_moved"
    public_detail = "It was raised again, or somebody handled it, since this page was opened. Nothing was changed."
    remedy = "Look at it again, then decide."
