"""`pactgate serve`: answer partners until told to stop."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext

import uvloop
from fastapi import APIRouter

from agreements.trust import Trust
from gateway.api.compatible import compatible_router
from gateway.api.routers import partner_routers
from gateway.app import create_app
from gateway.cli.run import kept_checkpoint, pinned_trust, say, settings
from gateway.console.ahead import reading_ahead
from gateway.console.desk import ConsoleDesk
from gateway.console.routes import console_routers
from gateway.console.views import first_page
from gateway.keys import GatewayKeys, load_keys
from gateway.logs import LineWriter, configure_logging
from gateway.oauth.callers import require_declared
from gateway.server import bind, server_for
from gateway.services.alarms import alarm
from gateway.services.container import open_services
from gateway.services.office import open_office
from gateway.settings import Settings
from gateway.signin.development import development_for
from gateway.signin.routes import development_routers, sign_in_for, staff_routers
from gateway.store.cluster import Cluster, running_cluster
from gateway.token_keys import load_token_keys


def serve() -> None:
    """Answer partners at PACTGATE_HOST and PACTGATE_PORT. One JSON line a request goes to stdout."""
    chosen = settings()
    keys, trust = load_keys(chosen.keys), pinned_trust(chosen)
    write = LineWriter(sys.stdout.buffer)
    configure_logging(write)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(chosen, keys, trust, write))


async def _serve(chosen: Settings, keys: GatewayKeys, trust: Trust, write: LineWriter) -> None:
    kept = kept_checkpoint(chosen, trust)
    if not kept.is_there:
        say(f"No checkpoint is kept in {kept.file} yet, so nothing tells whether the database is an old copy.")
    # Read before the start of a database: what is wrong in the file should be said at once.
    first = first_page if chosen.console else None
    pages = staff_routers(sign_in_for(chosen.sign_in, keys.cursor, chosen.public_url), first=first)
    # The port first: a port that is taken should not cost the start of a database.
    with bind(chosen.host, chosen.port) as listening:
        async with (
            running_cluster(chosen) as cluster,
            # Opened here rather than by the server, so that what is wrong becomes a sentence instead of a traceback.
            open_services(
                cluster.url("app"),
                keys,
                trust,
                readers=chosen.readers,
                public_url=chosen.public_url,
                kept=kept,
                compatibility=chosen.compatibility,
            ) as services,
            _console(chosen, cluster, keys, trust) as console,
        ):
            if chosen.development_sign_in:
                pages = development_routers(await development_for(chosen, services.database.pool), first=first)
                say("DEVELOPMENT SIGN-IN: whoever sits at this machine can be anybody of the staff.")
            app = create_app(
                chosen,
                keys,
                lambda: nullcontext(services),
                (*partner_routers(keys.cursor), *pages, *console),
                compatible=[compatible_router(keys.cursor)],
                write=write,
                reread_keys=lambda: load_token_keys(chosen.keys),
            )
            require_declared(app)
            say(f"Serving {chosen.public_url}; stop with Ctrl-C.")
            await server_for(app).serve(sockets=[listening])


@asynccontextmanager
async def _console(
    chosen: Settings, cluster: Cluster, keys: GatewayKeys, trust: Trust
) -> AsyncIterator[tuple[APIRouter, ...]]:
    """Open the office for the pages of the district's staff, if this process shows them."""
    if not chosen.console:
        yield ()
        return
    async with open_office(cluster.url("loader"), trust, alarm, remembers=True) as office:
        desk = ConsoleDesk(office, keys.subject)
        async with reading_ahead(desk):
            yield console_routers(desk)
