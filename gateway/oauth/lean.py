"""
A route for the answers that are asked for most: its caller is checked, its handler is called, and nothing else is done.

FastAPI's own handler looks anew in every request for a body, cookies and parameters that these routes do not have; that
costs more than a signature. Here what a route declares is read once, when it is made.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from gateway.oauth.errors import UndeclaredCaller

_LISTS = ("query_params", "header_params", "cookie_params", "body_params")
_SINGLES = ("response", "background_tasks", "security_scopes", "http_connection", "websocket")


class LeanRoute(APIRoute):
    """
    A route whose handler takes the request as `request`, one checked caller, and parts of the path as text.

    INVARIANT: the caller it declares is checked before the handler runs. `UndeclaredCaller` for a route that declares
    none or anything else; `gateway.oauth.callers.require_declared` sees to it that nothing is added later.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what serves a request."""
        handler = self.dependant.call
        if len(self.dependant.dependencies) != 1 or handler is None:
            raise UndeclaredCaller(f"the route {self.path} declares not exactly one caller")
        (caller,) = self.dependant.dependencies
        check, name = caller.call, caller.name
        if (
            check is None
            or name is None
            or caller.dependencies
            or not (_is_plain(caller) and _is_plain(self.dependant))
        ):
            raise UndeclaredCaller(f"the route {self.path} declares more than a caller")

        async def serve(request: Request) -> Response:
            given = {**request.path_params, name: await check(request)}
            response: Response = await handler(request, **given)
            return response

        return serve


def _is_plain(dependant: Dependant) -> bool:
    """Say whether nothing but the request and texts from the path are asked for."""
    converted = any(field.field_info.annotation is not str for field in dependant.path_params)
    others = any(getattr(dependant, name) for name in _LISTS)
    singles = any(getattr(dependant, f"{name}_param_name") for name in _SINGLES)
    return dependant.request_param_name == "request" and not (converted or others or singles)
