"""
Refusals of the sign-in. The reason goes to the log line and the summary of strangers; the person reads one sentence.

INVARIANT: a reason is a constant of ours. Nothing that a browser or a provider sent stands in a message.
"""

from gateway.errors import GatewayError


class SignInFailed(GatewayError):
    """A sign-in that came back proves nothing. `reason` says why, to us; the person reads the same for all."""

    code = "sign_in_failed"
    public_detail = "The sign-in did not work, or was begun in another window or too long ago."
    remedy = (
        "Start again from the sign-in page. If it fails again, tell the district's privacy office the number below."
    )

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ProviderRefused(SignInFailed):
    """The identity provider itself said no: the person cancelled, or may not sign in here."""

    code = "provider_refused"
    public_detail = "The identity provider did not let you in, or you cancelled."
    remedy = "Start again from the sign-in page, or ask those who run your accounts."


class TooWeak(SignInFailed):
    """The person signed in less strongly, or longer ago, than this takes."""

    code = "sign_in_too_weak"
    public_detail = "You signed in less strongly, or longer ago, than is needed here."
    remedy = "Sign in again with your second factor. If you have none, ask those who run your accounts."


class ProviderAway(GatewayError):
    """The identity provider cannot be reached, or answers what cannot be used."""

    code = "provider_away"
    public_detail = "The identity provider does not answer at present."
    remedy = "Try again in a few minutes. Who is signed in already stays so."


class NoSuchProvider(GatewayError):
    """Nobody signs in this way: there is no registration of that name."""

    code = "not_found"
    public_detail = "Nobody signs in here that way."


class ForeignForm(GatewayError):
    """A form was sent from another site, or from a page of another session (cross-site request forgery)."""

    code = "foreign_form"
    public_detail = "This form was not sent from a page of your own session."
    remedy = "Open the page again and send it from there."


class UnguardedRoute(GatewayError):
    """A route of the pages changes something and asks for nobody who is signed in: the application does not start."""

    code = "unguarded_route"
