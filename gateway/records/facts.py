"""
What the district's systems say about students, dated by load.

Element ids are CEDS v12 (`x-` where CEDS has none). A row is visible from the load that brought it until the load that
ended it; what a later load has prepared but not yet made visible is seen by nobody.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Double,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    text,
)

from gateway.records.columns import SCHOOL_YEAR_FORM, held, later, metadata, needed, student, versioned, words

batch = Table(
    "batch",
    metadata,
    Column("id", BigInteger, Identity(always=True), nullable=False),
    Column("kind", words(), nullable=False),
    Column("source", words(), nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("prepared_at", DateTime(timezone=True), nullable=False),
    Column("idx", BigInteger),
    PrimaryKeyConstraint("id", name="batch_pk"),
    UniqueConstraint("idx", name="batch_entry_key"),
    CheckConstraint("octet_length(digest) = 32", name="batch_digest_is_a_digest"),
)
"""A load. `idx` is the log entry that made it visible; the entry holds `digest`."""

frontier = Table(
    "frontier",
    metadata,
    Column("only", Boolean, nullable=False, server_default=text("true")),
    Column("batch", BigInteger, nullable=False),
    PrimaryKeyConstraint("only", name="frontier_pk"),
    CheckConstraint('"only"', name="frontier_has_one_row"),
)
"""The newest visible load: one row, moved by the same transaction that writes the load's entry."""

identity = Table(
    "identity",
    metadata,
    student(),
    Column("student_identifier", words(), nullable=False),
    PrimaryKeyConstraint("student_id", name="identity_pk"),
    UniqueConstraint("student_identifier", name="identity_student_identifier_key"),
)
"""Which internal id stands for which district student number, for good: a student who returns is the same student."""

school = versioned(
    "school",
    ("school_identifier",),
    needed("school_identifier", element="001069"),
    held("school_name", element="000191"),
    held("lea_identifier", element="001068"),
)

session = versioned(
    "session",
    ("school_year", "session_identifier"),
    needed("school_year", element="000243"),
    needed("session_identifier", element="001270"),
    held("session_name", element="001271"),
    needed("begin_date", Date(), element="000251"),
    needed("end_date", Date(), element="000253"),
    CheckConstraint(SCHOOL_YEAR_FORM, name="session_school_year_has_its_form"),
    CheckConstraint("begin_date <= end_date", name="session_begins_before_it_ends"),
)

person = versioned(
    "student",
    ("student_id",),
    student(),
    needed("student_identifier", element="001071"),
    held("student_identification_system", element="001075"),
    held("first_name", element="000115"),
    held("middle_name", element="000184"),
    held("last_name", element="000172"),
    held("birthdate", Date(), element="000033"),
    held("sex", element="000255"),
    held("telephone", element="000279"),
    held("email", element="000088"),
    held("street_address", element="000269"),
    held("postal_code", element="x-postal-code"),
    held("hispanic_or_latino", Boolean(), element="000144"),
    held("american_indian_or_alaska_native", Boolean(), element="000016"),
    held("asian", Boolean(), element="000020"),
    held("black_or_african_american", Boolean(), element="000034"),
    held("native_hawaiian_or_pacific_islander", Boolean(), element="000192"),
    held("white", Boolean(), element="000301"),
    held("two_or_more_races", Boolean(), element="000973"),
    held("race", element="001943"),
    held("english_learner_status", Boolean(), element="000180"),
    held("idea_indicator", Boolean(), element="000151"),
    held("iep_status", element="001501"),
    held("disability_status", element="000577"),
    held("section_504", Boolean(), element="000249"),
    held("homeless_status", Boolean(), element="000149"),
    held("homeless_unaccompanied_youth", Boolean(), element="000148"),
    held("homeless_served", Boolean(), element="000147"),
    held("school_food_eligibility", element="000092"),
    held("economic_disadvantage_status", Boolean(), element="000086"),
    held("awaiting_foster_care", Boolean(), element="001929"),
    held("migrant_status", Boolean(), element="000189"),
    held("military_connected", element="001576"),
    held("diploma_type", element="000138"),
    held("diploma_award_date", Date(), element="000081"),
    held("cohort_graduation_year", element="000584"),
    held("projected_graduation_year", element="000226"),
    held("ninth_grade_on_track", Boolean(), element="x-on-track-9"),
    held("truant_status", Boolean(), element="000569"),
)
"""The student. The district's student number is the natural key; it leaves only where an agreement names it."""

enrollment = versioned(
    "enrollment",
    ("student_id", "school_identifier", "school_year", "entry_date"),
    student(),
    needed("school_identifier", element="001069"),
    needed("school_year", element="000243"),
    needed("entry_date", Date(), element="000097"),
    held("exit_date", Date(), element="000107"),
    held("grade_level", element="000100"),
    held("enrollment_status", element="000094"),
    held("exit_type", element="000110"),
    CheckConstraint(SCHOOL_YEAR_FORM, name="enrollment_school_year_has_its_form"),
)
"""A stay at a school. Both dates are days at the school."""

academic_summary = versioned(
    "academic_summary",
    ("student_id", "school_year", "session_identifier"),
    student(),
    needed("school_year", element="000243"),
    held("gpa", Double(), element="000127"),
    held("gpa_cumulative", Double(), element="000128"),
    held("gpa_weighted", Boolean(), element="000123"),
    held("credits_attempted", Double(), element="x-session-credits-attempted"),
    held("credits_earned", Double(), element="x-session-credits-earned"),
    held("credits_attempted_cumulative", Double(), element="000073"),
    held("credits_earned_cumulative", Double(), element="000074"),
    Column(
        "session_identifier",
        words(),
        nullable=False,
        server_default=text("''"),
        info={"element": "001270", "later": True},
    ),
    later("on_track_to_graduate", Boolean(), element="x-on-track-graduation"),
    CheckConstraint(SCHOOL_YEAR_FORM, name="academic_summary_school_year_has_its_form"),
)
"""Grade points and credits of one session, or (without a session) of the whole school year."""

attendance = versioned(
    "attendance",
    ("student_id", "attendance_event_date", "school_identifier", "period"),
    student(),
    needed("attendance_event_date", Date(), element="001649"),
    needed("school_identifier", element="001069"),
    Column("period", words(), nullable=False, server_default=text("''"), info={"element": "000522"}),
    needed("school_year", element="000243"),
    needed("attendance_status", element="000076"),
    held("attendance_category", element="000599"),
    later("section_identifier", element="000978"),
    CheckConstraint(SCHOOL_YEAR_FORM, name="attendance_school_year_has_its_form"),
    CheckConstraint(
        "attendance_status IN ('Present', 'Absent', 'ExcusedAbsence', 'UnexcusedAbsence', 'Tardy', 'EarlyDeparture')",
        name="attendance_status_is_known",
    ),
)
"""One attendance event. `Absent` is an absence of which the source does not say whether it was excused."""

Index("enrollment_school_ix", enrollment.c.school_identifier, enrollment.c.grade_level)
