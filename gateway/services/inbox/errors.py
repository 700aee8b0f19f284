"""Refusals of the work on cases: alarms and incidents."""

from gateway.errors import GatewayError


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


class CaseRefused(GatewayError):
    """What was to be noted about a case cannot be noted so."""

    code = "case_refused"
    remedy = "Correct it, and say it again."

    def __init__(self, sentence: str) -> None:
        """`sentence` says what is missing, and never repeats what was typed."""
        super().__init__(sentence)
        self.public_detail = sentence


class CaseMoved(GatewayError):
    """The case is not any more what was looked at: it was raised anew, or somebody resolved it."""

    code = "case_moved"
    public_detail = "It was raised again, or somebody handled it, since this page was opened. Nothing was changed."
    remedy = "Look at it again, then decide."
