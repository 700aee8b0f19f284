"""The gateway's base error. What a code means on the wire is decided in one place, `gateway.problems`."""

from typing import ClassVar


class GatewayError(Exception):
    """
    Something the gateway will not or cannot do.

    The message is for the log and the operator. `public_detail` is for whoever asked and never says more than they
    may know. `remedy` says what to do next. None of the three ever holds personal data or a secret.
    """

    code: ClassVar[str] = "gateway_error"
    public_detail: str = "The gateway could not do this."
    remedy: str = ""

    def __init__(self, message: str, *, public_detail: str | None = None, remedy: str | None = None) -> None:
        super().__init__(message)
        if public_detail is not None:
            self.public_detail = public_detail
        if remedy is not None:
            self.remedy = remedy


class SettingsError(GatewayError):
    """A setting is missing or has a value the gateway refuses to run with."""

    code = "settings"
    public_detail = "The gateway is not configured for this."


class KeysMissing(GatewayError):
    """The gateway's own keys are not there, or are not private."""

    code = "keys_missing"
    public_detail = "The gateway is not configured for this."
    remedy = (
        "Put back your copy of the keys folder, or set PACTGATE_KEYS."
        " Only a new installation runs `pactgate keys init`."
    )


class WrappingKeyMissing(KeysMissing):
    """A link is wrapped by a key that this machine does not have: nothing is said about whose it is."""

    code = "wrapping_key_missing"
    public_detail = ""
    remedy = "Put the key's file into the keys folder of this machine; a running gateway finds it within five seconds."
