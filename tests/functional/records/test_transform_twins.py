"""Each transformation says the same in SQL and in Python, for every element that has it."""

import datetime as dt

import pytest
from sqlalchemy import ColumnElement, Text, bindparam, cast, select
from sqlalchemy import Date as SqlDate
from sqlalchemy import Double as SqlDouble

from agreements.elements import load_catalogue
from gateway.records.errors import NotServed
from gateway.records.transforms import Released, released, released_sql
from tests.factories.database import TestDatabase

YEAR = "2025-2026"
VALUES: dict[str, list[Released]] = {
    "date": [
        None,
        *(
            dt.date(year, month, day)
            for year in (2004, 2008, 2012)
            for month, day in ((2, 29), (8, 31), (9, 1), (9, 2))
        ),
        dt.date(1999, 12, 31),
        dt.date(2026, 1, 1),
    ],
    "number": [None, 0.0, 0.49, 0.5, 2.4999999, 2.5, 3.999, 4.0, 4.99, 5.0, 9.99, 10.0, 12345678.9, -0.1],
    "text": [
        None,
        "",
        "09",
        "9",
        "KG",
        "12",
        "98101",
        "98101-1234",
        "9810",
        "x98101",
        "٩٨١٠١",
        "1234\uff15",
        "A+",
        "F",
        "G",
        "A*",
        "a",
        "87.5",
        "100",
        "2450",
        "99.999",
        "1e3",
        "92\n",
        "-4",
    ],
}
VALUES["integer"] = VALUES["number"]
KINDS = {"date": SqlDate, "number": SqlDouble, "integer": SqlDouble, "text": Text}

cases = [
    (element.id, element.value_type, transformation.value)
    for element in load_catalogue()
    if element.value_type in VALUES
    for transformation in element.transformations
    if transformation.value not in {"exact", "drop"}
]


@pytest.mark.claim(2)
async def test_sql_and_python_release_the_same_value(database: TestDatabase) -> None:
    engine = await database.engine("owner")
    compared = 0
    async with engine.connect() as connection:
        for element, kind, transformation in cases:
            source: ColumnElement[object] = cast(bindparam("value", type_=KINDS[kind]()), KINDS[kind]())
            try:
                expression = released_sql(element, transformation, source, cast(bindparam("year"), Text))
            except NotServed:
                with pytest.raises(NotServed):
                    released(element, transformation, None, YEAR)
                continue
            for value in VALUES[kind]:
                found = (await connection.execute(select(expression), {"value": value, "year": YEAR})).scalar_one()
                assert found == released(element, transformation, value, YEAR), (element, transformation, value)
                compared += 1
    assert compared > 150
