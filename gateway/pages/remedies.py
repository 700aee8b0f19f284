"""
What a page says to do about a refusal that the command line meets as well: it names pages, and never a command.

The sentence of an error is the same everywhere; its remedy names what is at hand where it is read. By the error's code.
"""

from collections.abc import Mapping
from typing import Final

from gateway.pages.languages import message

_ON_PAGES: Final[Mapping[str, str]] = {
    "bad_envelope": message("Sign the document again, and bring the whole file."),
    "certificate_mismatch": message("Make the certificate anew on the page of the agreement's destruction."),
    "client_taken": message("Bind the keys as a new program."),
    "code_refused": message("“Codes” shows the values that nobody has judged."),
    "draft_budget_spent": message("Count it again after midnight UTC. Everything else of the review counts nothing."),
    "line_refused": message("The page of the roster lists its lines and how each stands."),
    "line_taken": message("Choose another id, or begin the next version on the page of the agreement."),
    "log_key_refused": message("Ask whoever runs the gateway which keys the log has."),
    "move_not_allowed": message("See on its page where it stands."),
    "no_such_client": message("“Programs” lists those that are bound."),
    "no_such_order": message("“Emergencies” lists the orders that are in force."),
    "no_such_partner": message("“Partners” lists them."),
    "no_such_person": message("“Staff and roles” lists everybody; invite there who is new."),
    "no_such_role": message("“Staff and roles” lists everybody with their roles."),
    "not_acknowledged": message("Look at each caution, and tick it. A law may let you withhold lines."),
    "not_the_next": message("Prepare the document anew: another one came into force meanwhile."),
    "nothing_left": message("“Obligations” shows what it owes."),
    "nothing_signed": message("Wait a moment: the running gateway signs as it goes."),
    "nothing_to_undo": message("“Stop” lists what is stopped now."),
    "obligation_overdue": message("File the certificate or the review first: “Obligations” shows what is missing."),
    "own_line_needed": message("If the consent form has a line of its own for it, tick that beside the element."),
    "pack_refused": message("Make it anew on the page of the review."),
    "partner_gone": message("Name its successor: the partner's page says who that is."),
    "release_refused": message("Its page says what leaves by it, and what stands against the rest."),
    "roster_held": message("Ask the partner whether it is complete, and decide on it again."),
    "roster_moved": message("Look at its lines again on its page, and decide anew."),
    "secret_not_ended": message("The page of the program lists its secrets by their entries."),
    "secret_refused": message("The page of the program says how it is bound, and which secrets it has."),
    "staff_role_refused": message(
        "“Staff and roles” shows each person with the party and the identity that officers sign."
    ),
    "unknown_agreement": message("“Agreements” lists them."),
    "unknown_incident": message("“Incidents” lists every incident with its number."),
    "unknown_leaver": message("Take the list from the page of the agreement's destruction."),
    "unknown_roster": message("“Rosters” lists every roster with its number."),
}


def remedy_on_page(error: Exception) -> str:
    """Return what a page of the district's staff says to do about an error; empty if there is nothing to say."""
    return _ON_PAGES.get(getattr(error, "code", ""), getattr(error, "remedy", ""))
