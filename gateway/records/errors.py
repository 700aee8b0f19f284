"""What can go wrong with student records, in words that never hold any of them."""

from agreements.documents.load_confirmation import Confirmable
from gateway.errors import GatewayError


class RecordsError(GatewayError):
    """Something about student records that the gateway will not or cannot do."""

    code = "records"


class NotPermitted(RecordsError):
    """The reader was given something that is not a permit."""

    code = "not_permitted"
    public_detail = "This was not decided, so nothing was read."


class NotServed(RecordsError):
    """A dataset, element or transformation that the reader does not serve."""

    code = "not_served"
    public_detail = "This dataset, or one of its elements, is not served yet."
    remedy = "Ask for fewer fields; `GET /v1/grant` lists what the agreement gives."


class BadFilter(RecordsError):
    """A filter's value cannot be a value of its element."""

    code = "bad_filter"
    remedy = "Write dates as 2026-09-01, numbers in digits, and true or false for flags."
    public_detail = f"A filter has a value that its element cannot have. {remedy}"


class BadPosition(RecordsError):
    """A page position that does not belong to this query."""

    code = "bad_position"
    public_detail = "This cursor does not belong to this query."
    remedy = "Start again without a cursor."


class TooManyToSort(RecordsError):
    """A page in an order of released values, of more students than can be put in order for a page."""

    code = "too_many_to_sort"
    public_detail = (
        "The agreement covers more students than can be put in order for each page. Read the pages without `sort`, and"
        " sort what came."
    )
    remedy = "Read the pages without `sort`, and sort what came."


class ChangesLost(RecordsError):
    """Nobody can tell any more what changed since this cursor was given out."""

    code = "changes_lost"
    public_detail = (
        "What changed since this cursor cannot be told any more: the agreement, what it gives, or what is kept of the"
        " past has changed. Ask again without `since`, forget every row that does not come, and go on from there."
    )
    remedy = "Read everything again, and forget what does not come."


class ChangesOutrun(RecordsError):
    """Records changed faster than this partner is told of it."""

    code = "changes_outrun"
    public_detail = (
        "The records are changing faster than you are told. Ask again in a moment with the same cursor, and with a"
        " larger `limit`."
    )


class UnknownTerm(RecordsError):
    """An agreement states something about rows that the reader has no rule for; it is refused, never guessed."""

    code = "unknown_term"
    public_detail = "This agreement cannot be served yet."


class BadMapping(RecordsError):
    """A mapping file that cannot be used. The message says where."""

    code = "bad_mapping"
    public_detail = "The mapping file cannot be used."
    remedy = "See docs/mapping-files.md."


class BadSource(RecordsError):
    """A file of an export is missing, or is not what the mapping says it is."""

    code = "bad_source"
    public_detail = "A file of the export cannot be read."
    remedy = "See docs/mapping-files.md."


class RowsRefused(RecordsError):
    """A strict load met a row it could not take, so nothing was loaded."""

    code = "rows_refused"
    public_detail = "Some rows were refused, so nothing was loaded."
    remedy = "Mend the rows named in the report, or load without --strict."

    def __init__(self, message: str, rows: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.rows = rows
        """Each refused row as `file:line: reason`."""


class RowsUnstorable(RecordsError):
    """The database refuses a row that looked right. The message names the constraint and holds nothing of the row."""

    code = "rows_unstorable"
    public_detail = "Some row cannot be stored, so nothing was loaded."
    remedy = "Look for rows that break the constraint named; if there are none, report it as a defect."


class LoadHeld(RecordsError):
    """A load that would delete or change suspiciously much waits for two people. What narrows in it applied at once."""

    code = "load_held"
    public_detail = "This load would change too much of what is there."
    remedy = (
        "Check that the export is complete; if it is right, two people confirm it (`pactgate records confirmation`),"
        " and it is loaded with --confirmed."
    )

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.held: tuple[str, ...] = ()
        """What would change too much, of each target."""
        self.entries: tuple[int, ...] = ()
        """The entries of what narrowed, and applied at once."""
        self.described: Confirmable | None = None
        """What two people confirm of it, as it would be now; None if what is left of it would be held no more."""


class ConfirmationRefused(LoadHeld):
    """What two people confirmed is another load than the one that would happen: it is held as if nobody had."""

    code = "confirmation_refused"
    public_detail = "This is not the load that was confirmed."
    remedy = "Look at what is different, and have this load confirmed: `pactgate records confirmation`."


class LoadBusy(RecordsError):
    """Another load is being prepared."""

    code = "load_busy"
    public_detail = "Another load is running."
    remedy = "Try again when it has finished."


class UnknownStudent(RecordsError):
    """No student has this number. The number itself is not in the message."""

    code = "unknown_student"
    public_detail = "No student has this number."


class NothingToStop(RecordsError):
    """There is no consent in force to withdraw, or the opt-out is already on file."""

    code = "nothing_to_stop"
    public_detail = "There is nothing in force to stop."


class ConsentRefused(RecordsError):
    """A consent entered by hand that is none, or not to this agreement. Neither name nor number is in the message."""

    code = "consent_refused"
    public_detail = "This consent cannot be put on file."
    remedy = "Look at the signed form: what it lacks is asked for again, from whoever may sign."


class NotTheirRight(RecordsError):
    """Whoever speaks for a student has not, or no longer, the right to. The message says why and names nobody."""

    code = "not_their_right"
    public_detail = "This person cannot decide this for the student."
    remedy = "Ask the parent, the guardian or the student who can; an officer puts on file what a court decided."


class SignerUnknown(RecordsError):
    """Of whoever speaks for a student the name has to be known, because a parent's rights are revoked."""

    code = "signer_unknown"
    public_detail = "The name of whoever speaks for this student is needed."
    remedy = "Say the name; it is compared with the one on file, and kept nowhere."


class NoSlip(RecordsError):
    """There is no slip for this entry and this student. Neither name nor number is in the message."""

    code = "no_slip"
    public_detail = "There is no slip for this entry."
    remedy = "Give the entry that the command answered, and the number of the student whom it was about."


class RestrictionRefused(RecordsError):
    """What an officer says about a parent's rights does not fit what is on file. Nobody is named in the message."""

    code = "restriction_refused"
    public_detail = "This cannot be said about the rights of a parent."
    remedy = "Look at what is on file about this student: a parent is told by the name as it was entered."


class NumberRefused(RecordsError):
    """What was said about a student number cannot be so. The number is not in the message."""

    code = "number_refused"
    public_detail = "This cannot be said of these student numbers."
    remedy = "Look at what the last load reported about them, and give the number as the source system writes it."


class StatementRefused(RecordsError):
    """A family's statement that cannot be put on file. Its words are not in the message."""

    code = "statement_refused"
    public_detail = "This statement cannot be put on file."
    remedy = "Give plain text of at most 4,000 letters; a longer one is kept on paper, and the text says where."


class OpeningRefused(RecordsError):
    """What stands beside an entry does not open its commitment to facts, or stands there in an unknown form."""

    code = "opening_refused"
    public_detail = "What stands beside an entry of the log does not open its commitment."


class LoadOvertaken(LoadBusy):
    """Something that decides what may leave changed while a load was prepared. Nothing was made visible."""

    public_detail = "Something changed while this load was prepared."
    remedy = "Load again."


class PastGone(RecordsError):
    """Records as of this epoch are kept no longer. What the log commits to still stands."""

    code = "past_gone"
    public_detail = "Versions of records as old as this are kept no longer."
    remedy = "Nothing brings them back; the log still proves that they were disclosed."


class NothingRecognised(RecordsError):
    """An export of which no mapping could be drafted: none of its tables looks like anything known."""

    code = "nothing_recognised"
    public_detail = "No table of this export was understood."
    remedy = (
        "Write the mapping by hand: docs/mapping-files.md lists the targets."
        " A table needs a header line with names that are known, to be guessed at."
    )
