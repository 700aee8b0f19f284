"""Refusals about drafts, each with its remedy."""

from collections.abc import Sequence

from gateway.errors import GatewayError


class DraftRefused(GatewayError):
    """What was said about a draft cannot stand in an agreement."""

    code = "draft_refused"
    public_detail = "This cannot stand in an agreement."
    remedy = "Choose something else, and try again."


class OwnLineNeeded(DraftRefused):
    """A sensitive element was named as if it were any other."""

    code = "own_line_needed"
    remedy = "If the consent form has a line of its own for it, name it with --sensitive-element."


class UnknownDraft(GatewayError):
    """There is no such draft, or somebody deleted it."""

    code = "unknown_draft"
    public_detail = "There is no such draft: it was deleted, or the agreement is registered by now."
    remedy = "Look in the list of drafts."


class DraftMoved(GatewayError):
    """Somebody else saved the draft in the meantime. Nothing of what was sent is saved over it."""

    code = "draft_moved"
    public_detail = "Somebody saved this draft in the meantime. What you sent was not saved over it."
    remedy = "Open the draft again: it shows what is saved by now."


class TooManyDrafts(GatewayError):
    """As many drafts are kept as may be."""

    code = "too_many_drafts"
    public_detail = "So many drafts are kept that no further one can be begun."
    remedy = "Delete drafts that nobody needs any longer, then begin."


class DraftedByAnother(GatewayError):
    """Another officer's key stands in the draft as the one that drafts. One document can name only one."""

    code = "drafted_by_another"
    public_detail = (
        "Another officer drafts this, and the document can name one officer only, who then does not approve."
    )
    remedy = "Leave it to that officer, or make a copy of your own."


class DraftIncomplete(GatewayError):
    """The checks find something wrong, so nothing can be signed, counted or compared."""

    code = "draft_incomplete"
    public_detail = "Something is still missing or wrong, so there is nothing to sign, count or compare yet."
    remedy = "Open the draft: each problem stands beside its field."

    def __init__(self, listed: Sequence[str]) -> None:
        """Keep `listed`, the sentences of the first problems as the checks say them, for the page."""
        super().__init__("The checks find something wrong with the draft.")
        self.listed = tuple(listed)


class DraftBudgetSpent(GatewayError):
    """Too many drafts were counted today. Many counts that differ little tell what no single one does."""

    code = "draft_budget_spent"
    public_detail = "No further drafts are counted today."
    remedy = (
        "Review it again tomorrow. `pactgate agreement check` and `pactgate agreement diff` count nothing and work as"
        " before."
    )
