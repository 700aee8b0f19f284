"""How a list of the console is shown: as a page, or as the file of the same that a spreadsheet opens."""

from collections.abc import Callable, Sequence
from typing import TypeVar
from zoneinfo import ZoneInfo

from fastapi import Request, Response

from gateway.console.again import Again
from gateway.console.views import view
from gateway.pages.languages import language_of, translations
from gateway.pages.listing import Listing, Shown, table
from gateway.pages.render import UTC
from gateway.services.staff.session import Session

Row = TypeVar("Row")


def list_view(
    request: Request,
    session: Session,
    section: str,
    template: str,
    shown: Shown[Row],
    *,
    zone: ZoneInfo = UTC,
    shown_again: Again | None = None,
    **values: object,
) -> Response:
    """Return a list as the address asks for it: its page, or its file. `shown_again` is a refused form of the page."""
    if shown.wants_file:
        return file_of(request, shown, zone)
    return view(request, session, section, template, 200, zone=zone, shown_again=shown_again, shown=shown, **values)


def listed(request: Request, listing: Listing[Row], rows: Sequence[Row]) -> Shown[Row]:
    """Return what the address asks for of a list. Raises `BadList`."""
    return listing.shown(rows, request.query_params)


def words_of(request: Request) -> Callable[[str], str]:
    """Return what says a message in the reader's language, for cells that are words of ours."""
    return translations(language_of(request)).gettext


def file_of(request: Request, shown: Shown[Row], zone: ZoneInfo) -> Response:
    """Return every row that fits, as CSV with the titles of the page."""
    columns = [each for each in shown.listing.columns if each.in_file]
    said = words_of(request)
    content = table(
        [said(each.title) for each in columns], ([each.of(row) for each in columns] for row in shown.every), zone
    )
    return csv_file(shown.listing.name, content)


def csv_file(name: str, content: str) -> Response:
    """Return a table as a file that a browser keeps and does not open by itself."""
    return Response(content.encode(), media_type="text/csv", headers=as_attachment(name))


def as_attachment(name: str) -> dict[str, str]:
    """Return the header fields of a file to keep; `name` is one of ours, without its ending."""
    return {"content-disposition": f'attachment; filename="{name}.csv"'}
