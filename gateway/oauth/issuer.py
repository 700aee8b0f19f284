"""
The one public address everything is derived from.

INVARIANT: taken from the settings, never from a request: the Host header is whatever a stranger writes into it.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

TOKEN_PATH = "/oauth/token"  # noqa: S105  a path, not a password
REVOCATION_PATH = "/oauth/revoke"
INTROSPECTION_PATH = "/oauth/introspect"
METADATA_PATH = "/.well-known/oauth-authorization-server"
RESOURCE_PATH = "/.well-known/oauth-protected-resource"
KEYS_PATH = "/.well-known/jwks.json"

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Issuer:
    """
    Our issuer identifier (RFC 8414 section 2), which is also the audience of assertions and of access tokens.

    `url` is `PACTGATE_PUBLIC_URL`: https or loopback, without path, query or closing slash.
    """

    url: str

    @property
    def token_url(self) -> str:
        """Where tokens are asked for."""
        return self.at(TOKEN_PATH)

    def at(self, path: str) -> str:
        """Return the public URL of `path`, which begins with a slash."""
        return f"{self.url}{path}"


def is_same_target(claimed: str, ours: str) -> bool:
    """
    Say whether a proof's `htu` names our URL (RFC 9449 section 4.3, check 9).

    Scheme and host are compared in lower case, the default port counts as absent, query and fragment are ignored.
    """
    return claimed == ours or _normal(claimed) == _normal(ours)


def _normal(url: str) -> tuple[str, str, int | None, str] | None:
    if not url.isascii() or not url.isprintable() or " " in url:
        return None  # urlsplit drops line breaks and tabs, so two different texts would become one
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if not parts.scheme or parts.hostname is None or parts.username is not None or parts.password is not None:
        return None
    # urlsplit lower-cases scheme and hostname.
    default = _DEFAULT_PORTS.get(parts.scheme)
    return parts.scheme, parts.hostname, None if port == default else port, parts.path or "/"
