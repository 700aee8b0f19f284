"""
A fictional school district for the demo: six schools, about 2,000 students, one school year.

Nobody in it exists. Names are drawn from lists written for this file, streets and phone numbers lead nowhere, and all
of it follows from a seed, so its rows print freely: they are the one place where student rows are not personal data.
It must never be mixed with real students; a database that holds it is marked as a demo for good.
"""

from gateway.demo.district.calendar import SchoolCalendar, SchoolYearError, calendar_for, stage_for
from gateway.demo.district.district import District
from gateway.demo.district.edges import MINIMUM_STUDENTS, Edge
from gateway.demo.district.export import HEADERS, write_csv
from gateway.demo.district.generate import generate

__all__ = [
    "HEADERS",
    "MINIMUM_STUDENTS",
    "District",
    "Edge",
    "SchoolCalendar",
    "SchoolYearError",
    "calendar_for",
    "generate",
    "stage_for",
    "write_csv",
]
