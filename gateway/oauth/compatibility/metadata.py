"""What the compatibility mode says about itself (RFC 8414, RFC 9728): nothing that is not enforced."""

from gateway.oauth.compatibility.credentials import METHODS
from gateway.oauth.details import DETAILS_TYPE
from gateway.oauth.grants import GRANT_TYPE
from gateway.oauth.issuer import Issuer


def authorization_server(issuer: Issuer) -> dict[str, object]:
    """Return the metadata of RFC 8414 section 2. Tokens are opaque to clients, so no keys are published."""
    return {
        "issuer": issuer.url,
        "token_endpoint": issuer.token_url,
        "response_types_supported": [],
        "grant_types_supported": [GRANT_TYPE],
        "token_endpoint_auth_methods_supported": list(METHODS),
        "authorization_details_types_supported": [DETAILS_TYPE],
    }


def protected_resource(issuer: Issuer) -> dict[str, object]:
    """Return the metadata of RFC 9728 section 2."""
    return {
        "resource": issuer.url,
        "authorization_servers": [issuer.url],
        "bearer_methods_supported": ["header"],
        "authorization_details_types_supported": [DETAILS_TYPE],
    }
