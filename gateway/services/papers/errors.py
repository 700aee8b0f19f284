"""What is refused about papers, each with its remedy."""

from gateway.errors import GatewayError, SaidHere


class PaperRefused(SaidHere):
    """A document is not what it should be, or its signatures do not make it count. Nothing was filed."""

    code = "paper_refused"
    remedy = "Correct what is said, and try again."


class NoSuchPaper(GatewayError):
    """No such paper waits here: it never did, it was withdrawn, or its time is over."""

    code = "no_such_paper"
    public_detail = "No such document waits here. One that nobody signs for 30 days is taken away."
    remedy = "Look at the list of documents, or prepare it again."


class PaperFiled(GatewayError):
    """The paper is filed, so nothing about it changes any more."""

    code = "paper_filed"
    public_detail = "This document was filed, and nothing about it changes any more."
    remedy = "Its entry in the log says when."


class HandedOver(PaperFiled):
    """The records of this release were handed over: the same release is good once."""

    public_detail = "These records were handed over. Nothing was handed over again."
    remedy = "If the file did not reach you, prepare the release again: a student counts once, however often."


class PaperIncomplete(GatewayError):
    """Somebody still has to sign."""

    code = "paper_incomplete"
    public_detail = "Not everybody who must sign has signed. Nothing was filed."
    remedy = "Look who is still to sign."


class TooManyPapers(GatewayError):
    """So many papers are open that nobody could look through them."""

    code = "too_many_papers"
    public_detail = "Too many documents wait for signatures."
    remedy = "Withdraw those that nobody will sign."


class SignatureUnwanted(GatewayError):
    """The signature is good, and by nobody who signs this document. It would spoil it."""

    code = "signature_unwanted"
    public_detail = "This key is none of those that sign this document, or it signed already."
    remedy = "Look who is still to sign, and whether the key was introduced for them."


class InvitationOver(GatewayError):
    """A link to sign leads nowhere: it was used, its time is over, or it never was."""

    code = "sign_link_over"
    public_detail = "This link to sign a document is over: it was used, it is too old, or it was never made."
    remedy = "Ask the school district for a new one."


class NothingWaits(GatewayError):
    """No decision of this document waits for a second person: it never did, or somebody answered."""

    code = "nothing_waits"
    public_detail = "This decision does not wait for a second person any more."
    remedy = "Look at the roster: its page says what became of it."
