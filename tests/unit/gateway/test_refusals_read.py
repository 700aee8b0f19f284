"""What `pactgate partner get` says of a refusal at two in the morning: why, by which clause, and where to look."""

import httpx2
import pytest

from gateway.cli.partner import problem_said

PROBLEM = {"content-type": "application/problem+json; charset=utf-8"}


@pytest.mark.parametrize(
    ("headers", "body", "said"),
    [
        ({"content-type": "application/json"}, {"code": "x", "clause": "/term"}, []),
        ({}, {"code": "x"}, []),
        (PROBLEM, {"title": "Too much at once"}, ["refused: Too much at once"]),
        (PROBLEM, {"code": "suspended", "detail": "Access is suspended."}, ["suspended: Access is suspended."]),
        (
            PROBLEM,
            {"code": "element_not_covered", "detail": "No.", "elements": ["sex"], "clause": "/datasets/0/elements"},
            [
                "element_not_covered: No.",
                "It is about sex.",
                "The clause is /datasets/0/elements. What is covered, and by which clauses, is at /v1/grant.",
            ],
        ),
    ],
)
def test_a_refusal_is_said_in_sentences_and_an_answer_is_not(
    headers: dict[str, str], body: dict[str, object], said: list[str]
) -> None:
    answer = httpx2.Response(403, json=body)
    answer.headers["content-type"] = headers.get("content-type", "")
    assert list(problem_said(answer)) == said
