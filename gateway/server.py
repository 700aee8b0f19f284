"""How the application is served: uvicorn with its limits set, and nothing of a request in its log."""

import socket

import uvicorn
from starlette.types import ASGIApp

from gateway.connection import BoundedProtocol
from gateway.errors import GatewayError

_BACKLOG = 512
_CONNECTIONS = 1_024
"""Above this many, uvicorn answers 503 by itself. Idle ones count too, so it is well above what may be in flight."""
_KEEP_ALIVE_SECONDS = 15
_SHUTDOWN_SECONDS = 10


class PortTaken(GatewayError):
    """The address to listen on is not free, or not ours."""

    code = "port_taken"
    remedy = "Stop the program that listens there, or choose another PACTGATE_PORT."


def bind(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 takes any free one. Raises `PortTaken`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio turns off Nagle's delay only for sockets that say they are TCP: without it
    # an answer's body waits some 40 ms for the client to confirm its head. (uvloop always turns it off.)
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise PortTaken(f"cannot listen on {host} port {port}: {error.strerror}") from error
    return listening


def server_for(app: ASGIApp) -> uvicorn.Server:
    """
    Return a server; run it on uvloop with `await server.serve(sockets=[bind(host, port)])`.

    There is no access log, because it would hold query strings. Forwarded headers are not believed.
    """
    return uvicorn.Server(
        uvicorn.Config(
            app,
            loop="none",
            http=BoundedProtocol,
            ws="none",
            lifespan="on",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            backlog=_BACKLOG,
            limit_concurrency=_CONNECTIONS,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        )
    )
