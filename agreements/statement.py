"""What a person at a partner accepts before seeing students: purpose, limits and redisclosure, in plain words."""

from agreements.canonical import digest_of
from agreements.document import Agreement
from agreements.documents.undertaking import Undertaking


def statement(agreement: Agreement) -> str:
    """
    Return the statement that a person accepts for one version of an agreement (34 CFR 99.33(a)(2), (d)).

    INVARIANT: the same agreement, the same words: an undertaking names their digest. Whoever changes a word here asks
    everybody to accept anew.
    """
    owed = agreement.obligations
    listed = "; ".join(f"{each.name} ({each.interest})" for each in agreement.subrecipients)
    lines = (
        f"{agreement.title} ({agreement.id}, version {agreement.version}, {agreement.digest})",
        f"{agreement.district.name} shares student records with {agreement.partner.name} under this agreement.",
        f"It is in force from {agreement.term.first_day} to {agreement.term.last_day} ({agreement.term.time_zone}).",
        f"Purpose: {agreement.purpose.words}",
        "I use the records for this purpose and for nothing else, and look only at the students whom it concerns.",
        "I do not find out who a student is where the records do not say so.",
        "I join the records with others only where the agreement says so in writing.",
        "I do not sell the records, advertise with them, or make profiles of students beyond the purpose.",
        f"I pass nothing on to anybody outside {agreement.partner.name}"
        + (f", except to those whom the agreement lists: {listed}." if listed else "."),
        f"Redisclosure: {owed.redisclosure_notice}",
        "If I see that records are lost, or in the wrong hands, I report it at once.",
        f"The district must know of a breach within {owed.breach_notice_hours} hours.",
        "I keep no copies of my own. When I leave, or when the agreement ends, my access ends.",
    )
    return "\n".join(lines) + "\n"


def undertaking_of(agreement: Agreement, person: str, school_year: str) -> Undertaking:
    """Return what a person signs who accepts the statement of this version for one school year."""
    return Undertaking(agreement.digest, person, school_year, digest_of(statement(agreement).encode()))
