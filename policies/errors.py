"""Everything this room refuses by raising, with a stable code, a message for the log and a sentence for the person."""

from typing import ClassVar


class PolicyError(Exception):
    """
    Base of every refusal of this room that is not a decision.

    `code` is stable; the message is for the log; `public_detail` tells the person what to do about it. Neither holds
    personal data.
    """

    code: ClassVar[str] = "policy_error"
    remedy: ClassVar[str] = "Ask the district's privacy office."

    def __init__(self, message: str, *, public_detail: str | None = None) -> None:
        super().__init__(message)
        self.public_detail = public_detail or f"{message} {self.remedy}"


class UnclearRequest(PolicyError):
    """The request cannot be judged as it stands (HTTP 400). It says nothing about what is granted to whom."""

    code = "unclear_request"
    remedy = "Correct the request."


class UnknownDataset(UnclearRequest):
    """The catalogue has no such dataset."""

    code = "unknown_dataset"
    remedy = "Use a dataset of the element catalogue."


class UnknownElement(UnclearRequest):
    """The dataset has no element of this wire name, for anybody."""

    code = "unknown_element"
    remedy = "Use a name from the element catalogue."


class NothingAsked(UnclearRequest):
    """The list of elements is empty: empty never means 'all'."""

    code = "nothing_asked"
    remedy = "Name at least one element, or leave the list out to ask for everything granted."


class MalformedRule(PolicyError):
    """A rule breaks the format. INVARIANT: a ruleset with one such rule is not used at all."""

    code = "malformed_rule"


class MalformedPopulation(PolicyError):
    """A population expression that cannot be read without guessing."""

    code = "malformed_population"
    remedy = "Correct the population of the agreement and have it signed again."


class MalformedGuardrails(PolicyError):
    """The district's guardrails contradict themselves or the catalogue."""

    code = "malformed_guardrails"
    remedy = "Reinstall Pactgate, or correct `policies/guardrails.toml` and have the change reviewed."


class CodeRefused(PolicyError):
    """A value that stewards cannot judge: not of a coded element, judged already by the file, or by no law."""

    code = "code_refused"
    remedy = "See `pactgate codes unclassified` for values that nobody has judged, and docs/guardrails.md for the laws."


class MalformedExpectations(PolicyError):
    """A policy test that cannot be read without guessing, or that expects nothing."""

    code = "malformed_expectations"
    remedy = "Correct the file; `docs/policies.md` shows its form."


class UncompilableAgreement(PolicyError):
    """A signed agreement that cannot become rules without guessing what was meant."""

    code = "uncompilable_agreement"


class ModelChanged(PolicyError):
    """The Casbin model is not the one that was reviewed, or Casbin reads it differently."""

    code = "model_changed"
    remedy = "Reinstall Pactgate."


class UnknownTimeZone(PolicyError):
    """The pinned time-zone data have no such zone."""

    code = "unknown_time_zone"
    remedy = "Use a zone of the IANA database, such as America/Los_Angeles."


class ClockWithoutZone(PolicyError):
    """A time without a zone cannot be compared with a term."""

    code = "clock_without_zone"


class UnsignedPromise(PolicyError):
    """A document that nobody verified, where only verified ones may stand."""

    code = "unsigned_promise"


class MalformedLinking(PolicyError):
    """The list of what records could be joined by contradicts itself or the catalogue."""

    code = "malformed_linking"
    remedy = "Reinstall Pactgate, or correct `policies/analyse/linking.toml` and have the change reviewed."
