"""What becomes of loads, as the pages say it: messages of the catalogues, by the code that the services return."""

from collections.abc import Mapping
from typing import Final

from gateway.pages.languages import message
from gateway.services.load_reports.kept import State

SETTLED: Final = "settled"
"""Of a load that was held, and in whose place another one by the same mapping went through."""
LOAD_STATES: Final[Mapping[str, str]] = {
    State.LOADED.value: message("loaded"),
    State.HELD.value: message("held"),
    SETTLED: message("held, settled since"),
    State.REFUSED.value: message("not loaded"),
}
WHY_NOT: Final[Mapping[str, str]] = {
    "rows_refused": message("The load was asked to be strict, and some rows were refused."),
    "bad_source": message("A file of the export is missing or cannot be read."),
    "bad_mapping": message("The mapping does not fit this export."),
    "rows_unstorable": message("The database refuses a row that looked right."),
}
OTHERWISE: Final = message("Something was wrong with what confirmed it, or with how it was asked for.")
