"""
The gateway's own facts: what this installation is, and which clients there are.

A client's keys and rights are not here: they are in the signed binding named by digest. Functions, triggers and grants
stand in `gateway/migrations/sql/0001/gateway.sql`.
"""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import BIT

metadata = MetaData(schema="gateway")

installation = Table(
    "installation",
    metadata,
    Column("only", Boolean, nullable=False, server_default=text("true")),
    Column("origin", Text, nullable=False),
    Column("demo", Boolean, nullable=False, server_default=text("false")),
    Column("clock_shift", Interval, nullable=False, server_default=text("'0'::interval")),
    Column("initialised_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("only", name="installation_pk"),
    CheckConstraint('"only"', name="installation_has_one_row"),
    CheckConstraint("demo OR clock_shift = '0'::interval", name="installation_shifts_the_clock_only_in_a_demo"),
    CheckConstraint("origin <> ''", name="installation_has_an_origin"),
)

client = Table(
    "client",
    metadata,
    Column("id", Text, nullable=False),
    Column("partner", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("binding", LargeBinary, nullable=False),
    Column("agreement", LargeBinary, nullable=False),
    Column("idx", BigInteger, nullable=False),
    PrimaryKeyConstraint("id", "binding", name="client_pk"),
    CheckConstraint("id ~ '^client:[0-9a-f-]{36}$'", name="client_id_has_its_form"),
    CheckConstraint("partner ~ '^partner:[a-z0-9-]+$'", name="client_partner_has_its_form"),
    CheckConstraint("octet_length(binding) = 32", name="client_binding_is_a_digest"),
    CheckConstraint("octet_length(agreement) = 32", name="client_agreement_is_a_digest"),
    CheckConstraint("idx >= 0", name="client_has_an_entry"),
)
"""A client under one binding; it may have several. `idx` is the log entry that brought it (claim 1)."""

client_status = Table(
    "client_status",
    metadata,
    Column("client", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("idx", BigInteger, nullable=False),
    Column("reason", Text, nullable=False, server_default=text("''")),
    PrimaryKeyConstraint("client", "idx", name="client_status_pk"),
    CheckConstraint("status IN ('active', 'suspended')", name="client_status_is_known"),
    CheckConstraint("idx >= 0", name="client_status_has_an_entry"),
)
"""What a client's status became, and by which entry; the highest index counts. Rows are only ever added."""

client_secret = Table(
    "client_secret",
    metadata,
    Column("idx", BigInteger, nullable=False, autoincrement=False),
    Column("salt", LargeBinary, nullable=False),
    PrimaryKeyConstraint("idx", name="client_secret_pk"),
    CheckConstraint("idx >= 0", name="client_secret_has_an_entry"),
    CheckConstraint("octet_length(salt) = 32", name="client_secret_salt_size"),
)
"""What opens the commitment to a client's secret in the entry `idx`. All that counts of a secret is in the log."""

partner_status = Table(
    "partner_status",
    metadata,
    Column("partner", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("idx", BigInteger, nullable=False),
    Column("reason", Text, nullable=False, server_default=text("''")),
    PrimaryKeyConstraint("partner", "idx", name="partner_status_pk"),
    CheckConstraint("partner ~ '^partner:[a-z0-9-]+$'", name="partner_status_partner_has_its_form"),
    CheckConstraint("status IN ('active', 'suspended')", name="partner_status_is_known"),
    CheckConstraint("idx >= 0", name="partner_status_has_an_entry"),
)
"""Which partners were stopped, and by which entry; an officer's document undoes one. Rows are only ever added."""

SKETCH_BITS = 1024
"""Cells of a sketch of a set of students: far more than the fewest students that may be told apart."""

draft_count = Table(
    "draft_count",
    metadata,
    Column("digest", LargeBinary, nullable=False),
    Column("line", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("students", Integer),
    Column("left_out", ARRAY(Text), nullable=False),
    Column("sketch", BIT(SKETCH_BITS)),
    Column("reach", SmallInteger),
    Column("idx", BigInteger, nullable=False),
    PrimaryKeyConstraint("digest", "day", name="draft_count_pk"),
    CheckConstraint("octet_length(digest) = 32", name="draft_count_digest_is_a_digest"),
    CheckConstraint("line ~ '^agreement:[a-z0-9]+(-[a-z0-9]+)*$'", name="draft_count_line_has_its_form"),
    CheckConstraint("students >= 10 AND students % 10 = 0", name="draft_count_is_rounded"),
    CheckConstraint("(sketch IS NULL) = (reach IS NULL)", name="draft_count_sketch_has_a_reach"),
    CheckConstraint("idx >= 0", name="draft_count_has_an_entry"),
)
"""
What was answered about how many students a draft covers, as it was shown: rounded, NULL for fewer than ten, with the
lists that were not there yet and so could not make it smaller.

A row with a sketch is an answer that later drafts over nearly the same students get too. Rows are only ever added.
"""

input_kept = Table(
    "input",
    metadata,
    Column("digest", LargeBinary, nullable=False),
    Column("content", LargeBinary, nullable=False),
    PrimaryKeyConstraint("digest", name="input_pk"),
    CheckConstraint("digest = sha256(content)", name="input_digest_is_that_of_its_content"),
    CheckConstraint("octet_length(content) BETWEEN 1 AND 8388608", name="input_size"),
)
"""What decisions rest on besides signed documents: catalogues, guardrails, time zones. Rows are only ever added."""

configuration = Table(
    "configuration",
    metadata,
    Column("idx", BigInteger, nullable=False, autoincrement=False),
    PrimaryKeyConstraint("idx", name="configuration_pk"),
    CheckConstraint("idx >= 0", name="configuration_has_an_entry"),
)
"""The entries that recorded what a process decides by; the highest index is the newest. Rows are only ever added."""

outside_disclosure = Table(
    "outside_disclosure",
    metadata,
    Column("idx", BigInteger, nullable=False),
    Column("envelope", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("corrects", BigInteger),
    PrimaryKeyConstraint("idx", name="outside_disclosure_pk"),
    UniqueConstraint("digest", name="outside_disclosure_digest_key"),
    CheckConstraint("idx >= 0", name="outside_disclosure_has_an_entry"),
    CheckConstraint("octet_length(digest) = 32", name="outside_disclosure_digest_is_a_digest"),
    CheckConstraint("corrects < idx", name="outside_disclosure_corrects_an_earlier_one"),
)
"""
Disclosures made outside the gateway, each a document that an officer signed, with the entry that received it.

No document names a student: the numbers stand beside the entry. Rows are only ever added.
"""

family_document = Table(
    "family_document",
    metadata,
    Column("idx", BigInteger, nullable=False, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("envelope", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    PrimaryKeyConstraint("idx", name="family_document_pk"),
    UniqueConstraint("digest", name="family_document_digest_key"),
    CheckConstraint("idx >= 0", name="family_document_has_an_entry"),
    CheckConstraint("octet_length(digest) = 32", name="family_document_digest_is_a_digest"),
    CheckConstraint(
        "kind IN ('family_request', 'family_step', 'withholding', 'telling_partners')",
        name="family_document_kind_is_known",
    ),
)
"""
What officers signed about families' requests and about accountings, each with the entry that received it.

No document names a student: the numbers stand beside the entry. Rows are only ever added.
"""

staff_identity = Table(
    "staff_identity",
    metadata,
    Column("person", Text, nullable=False),
    Column("party", Text, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("idx", BigInteger, nullable=False),
    PrimaryKeyConstraint("person", "idx", name="staff_identity_pk"),
    CheckConstraint("person ~ '^user:[0-9a-f-]{36}$'", name="staff_identity_person_has_its_form"),
    CheckConstraint("party ~ '^(district|partner):[a-z0-9]+(-[a-z0-9]+)*$'", name="staff_identity_party_has_its_form"),
    CheckConstraint("octet_length(salt) = 32", name="staff_identity_has_a_salt"),
    CheckConstraint("idx >= 0", name="staff_identity_has_an_entry"),
)
"""
Who signs in as whom: the one place where a person's identity stands. `idx` is the entry that commits to it.

Rows are added and, when a person is erased, deleted; never changed.
"""

staff_invitation = Table(
    "staff_invitation",
    metadata,
    Column("code", LargeBinary, nullable=False),
    Column("person", Text, nullable=False),
    Column("party", Text, nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("invited_by", Text),
    PrimaryKeyConstraint("code", name="staff_invitation_pk"),
    CheckConstraint("octet_length(code) = 32", name="staff_invitation_code_is_a_digest"),
    CheckConstraint("person ~ '^user:[0-9a-f-]{36}$'", name="staff_invitation_person_has_its_form"),
    CheckConstraint("invited_by ~ '^user:[0-9a-f-]{36}$'", name="staff_invitation_invited_by_has_its_form"),
    CheckConstraint(
        "party ~ '^(district|partner):[a-z0-9]+(-[a-z0-9]+)*$'", name="staff_invitation_party_has_its_form"
    ),
)
"""
Codes by which somebody new takes up an identity, by their SHA-256. A row goes when its code is used.

`invited_by` is the person who signed in to invite; null where a command did.
"""

staff_session = Table(
    "staff_session",
    metadata,
    Column("number", Text, nullable=False),
    Column("id", LargeBinary, nullable=False),
    Column("login", LargeBinary, nullable=False),
    Column("realm", Text, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("began_at", DateTime(timezone=True), nullable=False),
    Column("seen_at", DateTime(timezone=True), nullable=False),
    Column("ends_at", DateTime(timezone=True), nullable=False),
    Column("acr", Text),
    Column("amr", ARRAY(Text), nullable=False),
    Column("auth_time", DateTime(timezone=True), nullable=False),
    Column("most_roles", ARRAY(Text)),
    PrimaryKeyConstraint("number", name="staff_session_pk"),
    UniqueConstraint("id", name="staff_session_id_key"),
    UniqueConstraint("login", name="staff_session_login_key"),
    CheckConstraint("octet_length(id) = 32", name="staff_session_id_is_a_digest"),
    CheckConstraint("octet_length(login) = 32", name="staff_session_login_is_a_digest"),
    CheckConstraint("realm IN ('district', 'partner')", name="staff_session_realm_is_known"),
    CheckConstraint("began_at <= seen_at AND began_at < ends_at", name="staff_session_has_a_span"),
)
"""
Who is signed in: `id` is the digest of what the cookie holds, `login` that of the sign-in that opened it, which opens
nothing again. `most_roles` are the roles that the provider leaves to the person; NULL leaves all.
"""

staff_step_up = Table(
    "staff_step_up",
    metadata,
    Column("login", LargeBinary, nullable=False),
    Column("session", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("concerns", Text, nullable=False),
    Column("acr", Text),
    Column("amr", ARRAY(Text), nullable=False),
    Column("auth_time", DateTime(timezone=True), nullable=False),
    Column("ends_at", DateTime(timezone=True), nullable=False),
    Column("spent", Boolean, nullable=False, server_default=text("false")),
    PrimaryKeyConstraint("login", name="staff_step_up_pk"),
    ForeignKeyConstraint(
        ["session"], ["gateway.staff_session.number"], name="staff_step_up_session_fk", ondelete="CASCADE"
    ),
    CheckConstraint("octet_length(login) = 32", name="staff_step_up_login_is_a_digest"),
    CheckConstraint("concerns ~ '^sha256:[0-9a-f]{64}$'", name="staff_step_up_concerns_a_document"),
)
"""What somebody signed in again for: one act about one document, once, for a few minutes."""

staff_stop = Table(
    "staff_stop",
    metadata,
    Column("subject", Text, nullable=False),
    Column("idx", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    PrimaryKeyConstraint("subject", "idx", name="staff_stop_pk"),
    CheckConstraint("idx >= 0", name="staff_stop_has_an_entry"),
)
"""Who was suspended (a person's id) and which role ended (its document's digest). Rows are only ever added."""

fetched_keys = Table(
    "fetched_keys",
    metadata,
    Column("binding", LargeBinary, nullable=False),
    Column("idx", BigInteger, nullable=False, autoincrement=False),
    Column("content", LargeBinary, nullable=False),
    PrimaryKeyConstraint("binding", "idx", name="fetched_keys_pk"),
    CheckConstraint("octet_length(binding) = 32", name="fetched_keys_binding_is_a_digest"),
    CheckConstraint("octet_length(content) BETWEEN 1 AND 65536", name="fetched_keys_size"),
    CheckConstraint("idx >= 0", name="fetched_keys_has_an_entry"),
)
"""The key sets that were fetched for a binding, by its digest; the newest counts, while it is not too old."""

client_reminder = Table(
    "client_reminder",
    metadata,
    Column("binding", LargeBinary, nullable=False),
    Column("days", SmallInteger, nullable=False, autoincrement=False),
    Column("idx", BigInteger, nullable=False),
    PrimaryKeyConstraint("binding", "days", name="client_reminder_pk"),
    CheckConstraint("octet_length(binding) = 32", name="client_reminder_binding_is_a_digest"),
    CheckConstraint("idx >= 0", name="client_reminder_has_an_entry"),
)
"""Of which bindings' ends somebody was reminded, how many days ahead, and by which entry. Rows are only ever added."""

wrapping_key = Table(
    "wrapping_key",
    metadata,
    Column("name", LargeBinary, nullable=False),
    Column("move", Text, nullable=False),
    Column("idx", BigInteger, nullable=False),
    PrimaryKeyConstraint("name", "move", name="wrapping_key_pk"),
    CheckConstraint("octet_length(name) IN (0, 8)", name="wrapping_key_name_has_its_form"),
    CheckConstraint("move IN ('introduced', 'retired')", name="wrapping_key_move_is_one"),
    CheckConstraint("move = 'retired' OR name <> ''", name="wrapping_key_first_is_never_introduced"),
    CheckConstraint("idx >= 0", name="wrapping_key_has_an_entry"),
)
"""Which keys that wrap links of students came and went, by name and entry. Rows are only ever added."""

token_end = Table(
    "token_end",
    metadata,
    Column("idx", BigInteger, nullable=False, autoincrement=False),
    Column("reason", Text, nullable=False),
    PrimaryKeyConstraint("idx", name="token_end_pk"),
    CheckConstraint("reason <> ''", name="token_end_reason_is_given"),
)
"""Why tokens were ended before their time, by the entry that ended them; the entry alone counts."""

token_key_held = Table(
    "token_key_held",
    metadata,
    Column("key", Text, nullable=False),
    Column("signs_from", BigInteger, nullable=False),
    PrimaryKeyConstraint("key", name="token_key_held_pk"),
    CheckConstraint("key ~ '^[A-Za-z0-9_-]{43}$'", name="token_key_held_is_a_thumbprint"),
    CheckConstraint("signs_from >= 0", name="token_key_held_signs_from_an_instant"),
)
"""Which keys that sign access tokens some replica holds, and from when each signs: nobody is let in by a row."""

Index("outside_disclosure_corrects_ix", outside_disclosure.c.corrects)
Index("client_agreement_ix", client.c.agreement)
Index("draft_count_day_ix", draft_count.c.day, draft_count.c.line)
Index("staff_session_ends_at", staff_session.c.ends_at)
Index("staff_session_subject_ix", staff_session.c.issuer, staff_session.c.subject)
Index("staff_step_up_session_ix", staff_step_up.c.session)
