"""
The same pages on the same PostgreSQL without a single check: asyncpg and msgspec, no token, no rule, no log.

It shows what everything Pactgate does on top costs.
"""

import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg
import msgspec
import uvicorn
from fastapi import FastAPI, Request, Response

from tests.bench.flat import KEY, Flat, tables

_encode = msgspec.json.Encoder().encode


def create_app(url: str, served: Sequence[Flat]) -> FastAPI:
    """Build the endpoints on the database at `url`."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.pool = await asyncpg.create_pool(url, min_size=16, max_size=16)
        yield
        await app.state.pool.close()

    app = FastAPI(lifespan=lifespan)
    for flat in served:
        _serve(app, flat)
    return app


def _serve(app: FastAPI, flat: Flat) -> None:
    row = msgspec.defstruct("Row", [(name, object) for name in flat.columns])
    page = f"SELECT {', '.join(flat.columns)} FROM {flat.table} WHERE {KEY} > $1 ORDER BY {KEY} LIMIT 100"  # noqa: S608 - our own names

    @app.get(flat.path)
    async def read(request: Request) -> Response:
        rows = await request.app.state.pool.fetch(page, int(request.query_params.get("after", "0")))
        return Response(_encode({"data": [row(*found) for found in rows]}), media_type="application/json")


if __name__ == "__main__":
    uvicorn.run(
        create_app(os.environ["BENCH_ASYNC_URL"], tables()),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        log_level="warning",
        access_log=False,
        loop="uvloop",
        http="httptools",
    )
