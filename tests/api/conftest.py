"""What the tests of the REST door share."""

import pytest

from common.api.problems import CONTENT_TYPE

GIG = {
    "title": "Museum web site",
    "description": "A web site for a museum.",
    "category": "development",
    "budget": {"amount": "10000.00", "currency": "USD"},
    "milestones": [{"title": "Architecture"}, {"title": "Features"}, {"title": "Launch"}],
}


@pytest.fixture
def gig_body():
    return dict(GIG)


@pytest.fixture
def refused():
    """Checks that an answer is a problem of that status and code; gives its fields' errors."""

    def check(answer, status: int, code: str) -> list[tuple[str, str]]:
        assert answer.status_code == status, answer.content
        assert answer["Content-Type"] == CONTENT_TYPE
        problem = answer.json()
        assert set(problem) == {
            "type",
            "title",
            "status",
            "detail",
            "code",
            "errors",
            "request_id",
        }
        assert (problem["status"], problem["code"]) == (status, code), problem
        assert problem["request_id"] == answer["X-Request-ID"]
        return [(error["field"], error["code"]) for error in problem["errors"]]

    return check
