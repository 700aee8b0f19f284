"""
What we compare with: a bare FastAPI endpoint, `def`, ORM, response model, nothing checked and nothing logged.

It reads one flat table of the same rows, which is less work than our joins: the comparison favours it.
"""

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import uvicorn
from fastapi import FastAPI, Query
from pydantic import BaseModel, ConfigDict
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    """The one table."""


class Student(Base):
    """One student, flat."""

    __tablename__ = "bench_student"
    record_code: Mapped[str] = mapped_column(primary_key=True)
    first_name: Mapped[str | None]
    last_name: Mapped[str | None]
    birthdate: Mapped[int | None]
    school_identifier: Mapped[str | None]
    school_year: Mapped[str | None]
    sex: Mapped[str | None]
    grade_level: Mapped[str | None]
    entry_date: Mapped[str | None]
    enrollment_status: Mapped[str | None]
    gpa_cumulative: Mapped[float | None]
    credits_earned_cumulative: Mapped[float | None]
    projected_graduation_year: Mapped[str | None]


class StudentRead(BaseModel):
    """One student, as answered."""

    model_config = ConfigDict(from_attributes=True)
    record_code: str
    first_name: str | None
    last_name: str | None
    birthdate: int | None
    school_identifier: str | None
    school_year: str | None
    sex: str | None
    grade_level: str | None
    entry_date: str | None
    enrollment_status: str | None
    gpa_cumulative: float | None
    credits_earned_cumulative: float | None
    projected_graduation_year: str | None


class Page(BaseModel):
    """One page."""

    data: list[StudentRead]


def create_app(url: str) -> FastAPI:
    """Build the endpoint on the database at `url` (psycopg, pool of 40 for FastAPI's 40 threads)."""
    engine = create_engine(url, pool_size=40, max_overflow=0)
    app = FastAPI()

    @app.get("/v1/students", response_model=Page)
    def students(after: Annotated[str, Query()] = "", limit: Annotated[int, Query(le=100)] = 100) -> dict[str, object]:
        with Session(engine) as session:
            found: Sequence[Student] = session.scalars(
                select(Student).where(Student.record_code > after).order_by(Student.record_code).limit(limit)
            ).all()
            return {"data": found}

    return app


if __name__ == "__main__":
    uvicorn.run(
        create_app(os.environ["BENCH_SYNC_URL"]),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        log_level="warning",
        access_log=False,
        loop="uvloop",
        http="httptools",
    )
