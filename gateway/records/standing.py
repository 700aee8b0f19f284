"""
What gives partners standing towards a student, what takes it away, and what goes along: dated by entries of the log.

It belongs to an agreement's line, not to one version of it: an amendment or renewal keeps rosters and consents, and
what was withdrawn stays withdrawn (`docs/decisions/0008-facts-belong-to-the-line.md`).

A row counts from the entry `from_idx` that brought it until the entry `to_idx` that ended it. Its own dates are
calendar days in the agreement's zone. Rosters and consents include their last day; a placement has ended on the day
it ends (`requirements/ferpa.md` on foster care: access ends the day the placement ends).
"""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    LargeBinary,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from gateway.records.columns import LINE_FORM, dated, held, needed, student, words
from gateway.records.consented import consent, restriction

roster = dated(
    "roster",
    needed("line"),
    student(),
    needed("from_date", Date()),
    held("to_date", Date()),
    CheckConstraint(LINE_FORM, name="roster_line_has_its_form"),
    key=("line", "student_id", "from_date"),
)
"""Students a partner serves, as the district accepted them."""

opt_out = dated(
    "opt_out",
    student(),
    held("line"),
    needed("scope"),
    needed("from_date", Date()),
    Column("stated", Boolean, nullable=False, server_default=text("false")),
    CheckConstraint(f"line IS NULL OR {LINE_FORM}", name="opt_out_line_has_its_form"),
    CheckConstraint("scope IN ('sharing', 'directory')", name="opt_out_scope_is_known"),
    key=("student_id", "line", "scope"),
)
"""
A family's no. Without a line it is meant for every agreement. `directory` concerns directory information only
(34 CFR 99.37); `sharing` concerns every basis. `stated` marks one that a person entered: no load can end it.
"""

placement = dated(
    "placement",
    needed("line"),
    student(),
    needed("from_date", Date()),
    held("to_date", Date()),
    CheckConstraint(LINE_FORM, name="placement_line_has_its_form"),
    key=("line", "student_id", "from_date"),
)
"""A child the agreement's agency is legally responsible for (20 U.S.C. 1232g(b)(1)(L)); over on its last date."""

contested = dated(
    "contested",
    student(),
    Column("elements", ARRAY(words()), nullable=False),
    needed("statement"),
    needed("stated_on", Date()),
    CheckConstraint("cardinality(elements) > 0", name="contested_names_an_element"),
    CheckConstraint("length(statement) BETWEEN 1 AND 4000", name="contested_statement_has_its_length"),
    key=("student_id", "elements"),
)
"""
A family's statement on what the record says of these elements (34 CFR 99.21(b)(2)): it leaves wherever one of them
leaves (99.21(c)(2)), under every agreement, and is kept as long as the contested part is (99.21(c)(1)).
"""

renumbered = dated(
    "renumbered",
    student(),
    needed("kind"),
    held("other_id", Uuid()),
    needed("student_identifier"),
    needed("said_on", Date()),
    held("stood", LargeBinary()),
    CheckConstraint("kind IN ('merged', 'reused', 'kept')", name="renumbered_kind_is_known"),
    CheckConstraint("(kind = 'merged') = (other_id IS NOT NULL)", name="renumbered_merged_into_somebody"),
    CheckConstraint("(kind = 'kept') = (stood IS NOT NULL)", name="renumbered_kept_beside_a_row"),
    CheckConstraint("student_id <> other_id", name="renumbered_is_not_merged_into_itself"),
    key=("student_id", "kind"),
)
"""
What a person said about a student number, `student_id` being the child who had it.

`merged`: it turned out to be a second number of the child `other_id`. `reused`: since the day `said_on` it is another
child's. `kept`: it is the same child's, although name and birth date differ from the row with the digest `stood`.
INVARIANT: a child whose number was merged or reused is covered by nothing any more, so no grant moves with a number.
"""

__all__ = ["consent", "contested", "opt_out", "placement", "renumbered", "restriction", "roster"]

for each in (roster, placement, contested, restriction):
    Index(f"{each.name}_student_ix", each.c.student_id)  # what was in force at an earlier epoch is looked up by student
