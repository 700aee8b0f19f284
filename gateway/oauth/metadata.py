"""
What the gateway says about itself: RFC 8414 for the token endpoint, RFC 9728 for the API, and its public keys.

What is advertised is what is enforced: both are read from the same constants, and a test compares them.
"""

from gateway.oauth.details import DETAILS_TYPE
from gateway.oauth.grants import CLIENT_AUTHENTICATION, GRANT_TYPE
from gateway.oauth.issuer import INTROSPECTION_PATH, KEYS_PATH, REVOCATION_PATH, Issuer
from gateway.oauth.publickeys import ALGORITHMS


def authorization_server(issuer: Issuer) -> dict[str, object]:
    """Return the metadata of RFC 8414 section 2, with the members of RFC 9449 section 5.1 and RFC 9396 section 10."""
    return {
        "issuer": issuer.url,
        "token_endpoint": issuer.token_url,
        "jwks_uri": issuer.at(KEYS_PATH),
        "response_types_supported": [],
        "grant_types_supported": [GRANT_TYPE],
        "token_endpoint_auth_methods_supported": [CLIENT_AUTHENTICATION],
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        **_same_authentication("revocation", issuer.at(REVOCATION_PATH)),
        **_same_authentication("introspection", issuer.at(INTROSPECTION_PATH)),
        "dpop_signing_alg_values_supported": list(ALGORITHMS),
        "authorization_details_types_supported": [DETAILS_TYPE],
    }


def _same_authentication(name: str, url: str) -> dict[str, object]:
    """Return the members of one more endpoint at which clients authenticate as they do at the token endpoint."""
    return {
        f"{name}_endpoint": url,
        f"{name}_endpoint_auth_methods_supported": [CLIENT_AUTHENTICATION],
        f"{name}_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
    }


def protected_resource(issuer: Issuer) -> dict[str, object]:
    """Return the metadata of RFC 9728 section 2."""
    return {
        "resource": issuer.url,
        "authorization_servers": [issuer.url],
        "jwks_uri": issuer.at(KEYS_PATH),
        "bearer_methods_supported": ["header"],
        "dpop_signing_alg_values_supported": list(ALGORITHMS),
        "dpop_bound_access_tokens_required": True,
        "authorization_details_types_supported": [DETAILS_TYPE],
    }
