"""
What gives partners standing towards a student, what takes it away, and what goes along: dated by entries of the log.

It belongs to an agreement's line, not to one version of it: an amendment or renewal keeps rosters and consents, and
what was withdrawn stays withdrawn (`docs/decisions/0008-facts-belong-to-the-line.md`).

A row counts from the entry `from_idx` that brought it until the entry `to_idx` that ended it. Its own dates are
calendar days in the agreement's zone. Rosters and consents include their last day; a placement has ended on the day
it ends (`requirements/ferpa.md` on foster care: access ends the day the placement ends).
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Identity,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from gateway.records.columns import LINE_FORM, held, metadata, needed, student, words


def dated(name: str, *columns: Column[object] | CheckConstraint, key: tuple[str, ...]) -> Table:
    """Return a table dated by log entries. Among the rows in force `key` is unique."""
    return Table(
        name,
        metadata,
        Column("row_id", BigInteger, Identity(always=True), nullable=False),
        *columns,
        Column("digest", LargeBinary, nullable=False),
        Column("from_idx", BigInteger, nullable=False),
        Column("to_idx", BigInteger),
        PrimaryKeyConstraint("row_id", name=f"{name}_pk"),
        CheckConstraint("octet_length(digest) = 16", name=f"{name}_digest_has_its_size"),
        CheckConstraint("to_idx > from_idx", name=f"{name}_ends_after_it_began"),
        Index(
            f"{name}_key",
            *key,
            unique=True,
            postgresql_where=text("to_idx IS NULL"),
            postgresql_nulls_not_distinct=True,
        ),
        Index(f"{name}_from_idx_ix", "from_idx"),
        Index(f"{name}_to_idx_ix", "to_idx", postgresql_where=text("to_idx IS NOT NULL")),
        info={"key": key},
    )


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

consent = dated(
    "consent",
    needed("line"),
    student(),
    Column("covers", ARRAY(words()), nullable=False),
    needed("signed_by"),
    needed("signed_on", Date()),
    needed("from_date", Date()),
    held("to_date", Date()),
    held("withdrawn_on", Date()),
    CheckConstraint("withdrawn_on IS NULL OR to_idx IS NOT NULL", name="consent_withdrawn_is_over"),
    CheckConstraint(LINE_FORM, name="consent_line_has_its_form"),
    CheckConstraint("signed_by IN ('parent', 'eligible_student')", name="consent_signer_is_known"),
    CheckConstraint("cardinality(covers) > 0", name="consent_covers_something"),
    CheckConstraint("signed_on <= from_date", name="consent_is_signed_before_it_counts"),
    key=("line", "student_id", "signed_by", "from_date"),
)
"""
A signed consent (34 CFR 99.30): which partner (by the line), which elements, from when; signed before it counts.

`withdrawn_on` is set by a withdrawal only. A later load cannot bring back what was signed by then, whichever version of
the agreement it is meant for.
"""

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

for each in (roster, placement, contested):
    Index(f"{each.name}_student_ix", each.c.student_id)  # what was in force at an earlier epoch is looked up by student
