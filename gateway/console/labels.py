"""What codes are called on the pages: messages of the catalogues, by the code that the services return."""

from collections.abc import Mapping
from typing import Final

from agreements.attending import Missing
from agreements.documents.debarment import CAUSES
from agreements.lifecycle import Standing
from agreements.obligations import Duty, Status
from gateway.pages import roles
from gateway.pages.languages import message
from gateway.services.acceptances import Unable
from gateway.services.overview import UNVERIFIED

STANDINGS: Final[Mapping[str, str]] = {
    Standing.NOT_ACTIVATED.value: message("not in force"),
    Standing.ACTIVE.value: message("in force"),
    Standing.SUSPENDED.value: message("stopped"),
    Standing.TERMINATED.value: message("terminated"),
    Standing.REPLACED.value: message("replaced"),
    Standing.CLOSED.value: message("closed"),
    UNVERIFIED: message("not verified"),
}
DUTIES: Final[Mapping[Duty, str]] = {
    Duty.DESTRUCTION: message("destruction of everything"),
    Duty.LEAVERS: message("destruction for students who left"),
    Duty.REVIEW: message("yearly review"),
}
STATUSES: Final[Mapping[Status, str]] = {
    Status.NOT_DUE: message("not due yet"),
    Status.DUE: message("due"),
    Status.OVERDUE: message("overdue"),
    Status.HELD: message("held"),
    Status.CERTIFIED: message("done and signed for"),
}
ROLES: Final = roles.ROLES
LACKS: Final[Mapping[Missing, str]] = {
    Missing.NAME: message("is not named"),
    Missing.TRAINING: message("training is over, or has not begun"),
    Missing.UNDERTAKING: message("has not accepted the statement for this school year"),
}
UNABLE: Final[Mapping[Unable, str]] = {
    Unable.NO_KEY: message("The list has no key of theirs. Take them out, and add them again with one."),
    Unable.PROGRAMS_KEY: message("The list has a program's key for them, which accepts nothing. Name their own."),
    Unable.OTHER_KEY: message(
        "They accepted with a key that the list had before, which counts no more, and nothing is taken twice. Name "
        "them with another number, and bind their programs to it."
    ),
}
PEOPLES_ROLES: Final[Mapping[str, str]] = {
    "responsible": message("answers for a program"),
    "staff": message("sees students"),
}
MAY_SIGN: Final[Mapping[str, str]] = {
    "agreement": message("agreements"),
    "client_binding": message("programs and their keys"),
    "people_annex": message("lists of people"),
    "certificate": message("certificates of destruction"),
    "succession": message("successions"),
    "roster_decision": message("decisions on rosters"),
    "code_classification": message("what codes tell"),
    "load_confirmation": message("loads that are held"),
}
DEBARRED_FOR: Final[Mapping[str, str]] = dict(
    zip(
        CAUSES,
        (
            message("It did not destroy what it had to destroy"),
            message("It passed records on without leave"),
            message("It obeyed a subpoena without the notice"),
        ),
        strict=True,
    )
)
SUCCEEDED_BY: Final[Mapping[str, str]] = {"merger": message("a merger"), "rename": message("a new name")}
METHODS: Final[Mapping[str, str]] = {
    "clear": message("cleared"),
    "purge": message("purged"),
    "destroy": message("destroyed"),
    "cryptographic_erasure": message("erased by destroying its keys"),
}
HELD_FOR: Final[Mapping[str, str]] = {
    "legal": message("a duty to keep evidence"),
    "inspection": message("a family's open request to inspect"),
}
CONCLUSIONS: Final[Mapping[str, str]] = {
    "continue": message("go on as it is"),
    "amend": message("amend it"),
    "end": message("end it"),
}
