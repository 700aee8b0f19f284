"""
What we compare with: a bare FastAPI endpoint, `def`, ORM, response model, nothing checked and nothing logged.

It reads one flat table of the same rows, which is less work than our joins: the comparison favours it.
"""

import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import uvicorn
from fastapi import FastAPI, Query
from pydantic import BaseModel, ConfigDict, create_model
from sqlalchemy import BigInteger, Boolean, Double, Engine, Text, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from tests.bench.flat import KEY, Flat, tables

_TYPES = {
    "boolean": (Boolean, bool),
    "bigint": (BigInteger, int),
    "double precision": (Double, float),
    "text": (Text, str),
}


class Base(DeclarativeBase):
    """The tables."""


class Row(BaseModel):
    """One row, as answered."""

    model_config = ConfigDict(from_attributes=True)


def entity_of(flat: Flat) -> Any:
    """Return the mapped class of a table, as somebody would write it for this dataset."""
    members: dict[str, Any] = {"__tablename__": flat.table, "__annotations__": {KEY: Mapped[int]}}
    members[KEY] = mapped_column(BigInteger, primary_key=True)
    for name, kind in flat.columns.items():
        members[name] = mapped_column(_TYPES[kind][0], nullable=True)
    return type(flat.table, (Base,), members)


def page_of(flat: Flat) -> type[BaseModel]:
    """Return the response model of a page of a dataset."""
    fields: dict[str, Any] = {name: (_TYPES[kind][1] | None, ...) for name, kind in flat.columns.items()}
    row = create_model(f"{flat.table}_read", __base__=Row, **fields)
    return create_model(f"{flat.table}_page", data=(list[row], ...))  # type: ignore[valid-type] # made here


def create_app(url: str, served: Sequence[Flat]) -> FastAPI:
    """Build the endpoints on the database at `url` (psycopg, pool of 40 for FastAPI's 40 threads)."""
    engine = create_engine(url, pool_size=40, max_overflow=0)
    app = FastAPI()
    for flat in served:
        _serve(app, engine, flat)
    return app


def _serve(app: FastAPI, engine: Engine, flat: Flat) -> None:
    entity = entity_of(flat)
    key = getattr(entity, KEY)

    @app.get(flat.path, response_model=page_of(flat))
    def page(after: Annotated[int, Query()] = 0, limit: Annotated[int, Query(le=100)] = 100) -> dict[str, object]:
        with Session(engine) as session:
            found: Sequence[object] = session.scalars(
                select(entity).where(key > after).order_by(key).limit(limit)
            ).all()
            return {"data": found}


if __name__ == "__main__":
    uvicorn.run(
        create_app(os.environ["BENCH_SYNC_URL"], tables()),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        log_level="warning",
        access_log=False,
        loop="uvloop",
        http="httptools",
    )
