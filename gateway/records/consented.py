"""
What families consented to, and whose word does not count: dated by entries of the log (`gateway.records.standing`).

`gateway.records.signed` says in words what each column of a consent is and which of them go together.
"""

from sqlalchemy import Boolean, CheckConstraint, Column, Date, text
from sqlalchemy.dialects.postgresql import ARRAY

from gateway.records.columns import LINE_FORM, dated, held, later, needed, student, words

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
    later("signer"),
    later("purpose"),
    later("party"),
    later("what_will_be_done"),
    later("form"),
    later("evidence"),
    later("authenticated_by"),
    later("approved_by"),
    later("notice"),
    later("notice_language"),
    Column("by_hand", Boolean, nullable=False, server_default=text("false")),
    CheckConstraint("withdrawn_on IS NULL OR to_idx IS NOT NULL", name="consent_withdrawn_is_over"),
    CheckConstraint(
        "num_nonnulls(signer, purpose, party, what_will_be_done, form, evidence, notice, notice_language) IN (0, 8)",
        name="consent_is_whole_or_older",
    ),
    CheckConstraint(
        "num_nonnulls(authenticated_by, approved_by) = 2 * (form IS NOT DISTINCT FROM 'electronic')::integer",
        name="consent_is_proven_if_electronic",
    ),
    CheckConstraint("NOT by_hand OR form IS NOT NULL", name="consent_by_hand_is_whole"),
    CheckConstraint("form IN ('paper', 'electronic')", name="consent_form_is_known"),
    CheckConstraint(
        "authenticated_by IN ('district_account', 'code_sent', 'identity_document', 'certificate')",
        name="consent_authentication_is_known",
    ),
    CheckConstraint(
        "approved_by IN ('drawn_signature', 'typed_name', 'ticked_box', 'confirmed')",
        name="consent_approval_is_known",
    ),
    CheckConstraint("length(signer) BETWEEN 1 AND 200", name="consent_signer_has_its_form"),
    CheckConstraint("purpose ~ '^[a-z]+(_[a-z]+)*$'", name="consent_purpose_has_its_form"),
    CheckConstraint("party ~ '^partner:[a-z0-9]+(-[a-z0-9]+)*$'", name="consent_party_has_its_form"),
    CheckConstraint("length(what_will_be_done) BETWEEN 1 AND 1000", name="consent_use_has_its_form"),
    CheckConstraint("evidence ~ '^sha256:[0-9a-f]{64}$'", name="consent_evidence_has_its_form"),
    CheckConstraint("notice ~ '^sha256:[0-9a-f]{64}$'", name="consent_notice_has_its_form"),
    CheckConstraint(
        "notice_language ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'", name="consent_notice_language_has_its_form"
    ),
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

What is said from `signer` on (`gateway.records.signed`) is said whole, or not at all: then the row is older than these
columns. `signer` is a name, `evidence` and `notice` are digests. `by_hand` marks one that a person entered: no list
ends it by leaving it out.
"""

restriction = dated(
    "restriction",
    student(),
    needed("parent"),
    needed("ordered_on", Date()),
    needed("evidence"),
    CheckConstraint("length(parent) BETWEEN 1 AND 200", name="restriction_parent_has_its_form"),
    CheckConstraint("evidence ~ '^sha256:[0-9a-f]{64}$'", name="restriction_evidence_has_its_form"),
    key=("student_id", "parent"),
)
"""
A parent whose rights about this student a court order, statute or binding document has revoked (34 CFR 99.4).

`parent` is the name in plain form (`signed.SignerName.plain`), `evidence` the digest of the document.
"""
