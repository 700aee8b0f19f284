"""The mode's own issuer: an address below the gateway's, so that nothing of one is taken for the other's."""

from gateway.oauth.issuer import METADATA_PATH, RESOURCE_PATH, TOKEN_PATH, Issuer

PREFIX = "/compat"
"""Every path of the mode begins with it, but the two that RFC 8414 and RFC 9728 put elsewhere."""
COMPATIBILITY_TOKEN_PATH = f"{PREFIX}{TOKEN_PATH}"
COMPATIBILITY_METADATA_PATH = f"{METADATA_PATH}{PREFIX}"
COMPATIBILITY_RESOURCE_PATH = f"{RESOURCE_PATH}{PREFIX}"
"""The well-known part comes before the path of the issuer (RFC 8414 section 3.1, RFC 9728 section 3.1)."""


def compatibility_issuer(main: Issuer) -> Issuer:
    """Return the issuer of bearer tokens: also their audience."""
    return Issuer(main.at(PREFIX))


def challenge(main: Issuer) -> str:
    """Return the challenge of a request that was not accepted (RFC 6750 section 3, RFC 9728 section 5.1)."""
    return f'Bearer realm="compatibility", resource_metadata="{main.at(COMPATIBILITY_RESOURCE_PATH)}"'
