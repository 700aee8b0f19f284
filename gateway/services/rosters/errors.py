"""Refusals of the work on rosters."""

from gateway.errors import GatewayError


class UnknownRoster(GatewayError):
    """No roster was received under this number, or nothing of it can be decided in this way."""

    code = "unknown_roster"
    remedy = "`pactgate roster list` shows every roster with its number."


class RosterForgotten(GatewayError):
    """The names of a roster are deleted when their time is over: nobody can say any more whom it means."""

    code = "roster_forgotten"
    remedy = "Ask the partner to hand it in again."


class RosterAltered(GatewayError):
    """A roster on file is not what its entry in the log received: somebody wrote to the database by hand."""

    code = "roster_altered"
    remedy = "Refuse it and ask the partner to hand it in again; find out who can write to the database."


class RosterOutdated(GatewayError):
    """A whole roster that the partner handed in later counts: what came before it may bring back who left since."""

    code = "roster_outdated"
    remedy = "Refuse it, and decide on the partner's newest roster."


class RosterMoved(GatewayError):
    """What was shown of a roster before it was signed is not what would be done now."""

    code = "roster_moved"
    remedy = "Look at its lines again, on its page or by `pactgate roster match` and `show`, and decide anew."


class RosterHeld(GatewayError):
    """So many students would leave the roster that it is more likely incomplete than right."""

    code = "roster_held"
    remedy = "Ask the partner whether it is complete; if it is, say --confirm."

    def __init__(self, removed: int, before: int) -> None:
        """Say how many would leave: `removed` of the `before` students who are on the roster today."""
        super().__init__(f"{removed} of {before} students would leave the roster.")
        self.removed = removed
        self.before = before


class LineRefused(GatewayError):
    """What was said of a line of a roster cannot be so."""

    code = "line_refused"
    remedy = "`pactgate roster show` lists its lines and how each stands."
