"""
The same page on the same PostgreSQL without a single check: asyncpg and msgspec, no token, no rule, no log.

It shows what everything Pactgate does on top costs.
"""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import msgspec
import uvicorn
from fastapi import FastAPI, Request, Response

from tests.bench.deployment import FIELDS

COLUMNS = ("record_code", *FIELDS)
PAGE = f"SELECT {', '.join(COLUMNS)} FROM bench_student WHERE record_code > $1 ORDER BY record_code LIMIT 100"  # noqa: S608 - constants


def create_app(url: str) -> FastAPI:
    """Build the endpoint on the database at `url`."""
    row = msgspec.defstruct("Row", [(name, object) for name in COLUMNS])
    encode = msgspec.json.Encoder().encode

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.pool = await asyncpg.create_pool(url, min_size=16, max_size=16)
        yield
        await app.state.pool.close()

    app = FastAPI(lifespan=lifespan)

    @app.get("/v1/students")
    async def students(request: Request) -> Response:
        rows = await request.app.state.pool.fetch(PAGE, request.query_params.get("after", ""))
        return Response(encode({"data": [row(*found) for found in rows]}), media_type="application/json")

    return app


if __name__ == "__main__":
    uvicorn.run(
        create_app(os.environ["BENCH_ASYNC_URL"]),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        log_level="warning",
        access_log=False,
        loop="uvloop",
        http="httptools",
    )
