"""Refusals of the work on cases: alarms and incidents."""

from collections.abc import Iterable

from gateway.errors import GatewayError, SaidHere, Sentence


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


class DutiesUndone(GatewayError):
    """Somebody is still to be told of the incident, or the students are still to be counted."""

    code = "duties_undone"
    remedy = "Do it and tick it off, or say why it does not apply. Then close the incident."

    def __init__(self, tasks: Iterable[str]) -> None:
        """`tasks` are the codes of what nobody did."""
        said = Sentence("This is neither done nor said not to apply: %(tasks)s.", tasks=", ".join(tasks))
        super().__init__(said, public_detail=said)
