"""Refusals about the people who sign in and their roles, each with its remedy."""

from gateway.errors import GatewayError


class RoleMissing(GatewayError):
    """Somebody who signed in has no role that may do this."""

    code = "role_missing"
    public_detail = "Your role does not include this."
    remedy = "Ask the district's privacy office who may, or two officers for the role."


class InvitationRefused(GatewayError):
    """A code invites nobody: unknown, used, too late, or of the other kind of staff. All of these read alike."""

    code = "invitation_refused"
    public_detail = "This invitation cannot be used."
    remedy = (
        "Ask whoever sent it for a new one. If you never used it, tell the privacy officer: somebody else may have."
    )


class IdentityTaken(GatewayError):
    """Whoever signed in is known as somebody else already."""

    code = "identity_taken"
    public_detail = "You are known here already."
    remedy = "Nobody has two accounts: ask two officers to give the role to the one that you have."


class UnknownPerson(GatewayError):
    """No such person is known among those who sign in."""

    code = "no_such_person"
    public_detail = "No such person is known."
    remedy = "`pactgate staff list` shows everybody; invite who is new."


class NoSuchRole(GatewayError):
    """The role that is to end was not given, or ended already."""

    code = "no_such_role"
    public_detail = "There is no such role."
    remedy = "`pactgate staff list` shows each role with the digest of its document."


class StaffRoleRefused(GatewayError):
    """A role would count for nobody as things stand."""

    code = "staff_role_refused"
    public_detail = "This role cannot be given."
    remedy = "`pactgate staff list` shows each person with the party and the identity that officers sign."


class SessionOver(GatewayError):
    """There is no such session: it ended, was never there, or is another person's. All of these read alike."""

    code = "sign_in_required"
    public_detail = "You are not signed in, or no longer."
    remedy = "Sign in."


class SignInReplayed(GatewayError):
    """A sign-in came back a second time; it opened what it was for the first time."""

    code = "sign_in_failed"
    public_detail = "This sign-in was used already."
    remedy = "Start again from the sign-in page."


class StaffSuspended(GatewayError):
    """Whoever proved who they are is suspended."""

    code = "staff_suspended"
    public_detail = "You cannot sign in here at present."
    remedy = "Ask the district's privacy office."


class StepUpRefused(GatewayError):
    """Somebody else signed in again than the person who is signed in."""

    code = "step_up_refused"
    public_detail = "Whoever signed in again is not the person who is signed in here."
    remedy = "Sign in again as yourself, or sign out first."


class StepUpRequired(GatewayError):
    """An act takes a fresh sign-in for exactly its document."""

    code = "step_up_required"
    public_detail = "This takes a fresh sign-in for exactly this document, a few minutes ago at most."
    remedy = "Sign in again for it."
