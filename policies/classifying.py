"""Whether stewards may classify what they are about to: judged when a classification is registered, by today's file."""

from agreements.documents.classification import Classification, Verdict
from policies.classified import Classified
from policies.errors import CodeRefused
from policies.guardrails import Guardrails


def require_classifiable(classification: Classification, guardrails: Guardrails, standing: Classified) -> None:
    """
    Check each judgement against the guardrails and what stands of earlier ones. Raises `CodeRefused`.

    The message names places in the document, and no value: one may be anything.
    """
    codes = guardrails.codes
    for at, judged in enumerate(classification.codes):
        place = f"The judgement /codes/{at}"
        # (1): what is plain tells nothing beyond itself, and its values may be anybody's name.
        if judged.element not in codes.coded:
            raise CodeRefused(f"{place} is about {judged.element}, which is not a coded element.")
        if judged.verdict is Verdict.WITHDRAWN:
            if judged.value not in standing.of(judged.element):
                raise CodeRefused(f"{place} takes back what no steward has judged.")
            continue
        # (2): what the reviewed file judges is not judged again.
        if judged.value in codes.shipped[judged.element]:
            raise CodeRefused(f"{place} is about a value of {judged.element} that the district's file judges.")
        # (3): a gate that there is not would open for nobody, and nobody would notice.
        if judged.law is not None and judged.law not in guardrails.laws:
            raise CodeRefused(f"{place} names a law that the guardrails do not have.")
