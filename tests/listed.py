"""A client of the API that holds each refusal against what its call says that it can give."""

from typing import Any

from rest_framework.test import APIClient


class ListingClient(APIClient):
    """Fails where an answer is a refusal that the description of the call does not list."""

    def request(self, **kwargs: Any) -> Any:
        response = super().request(**kwargs)  # type: ignore[no-untyped-call]
        if 400 <= response.status_code < 500:
            _check(response)
        return response


def _check(response: Any) -> None:
    view = getattr(getattr(response.resolver_match, "func", None), "cls", None)
    method = response.request["REQUEST_METHOD"].replace("HEAD", "GET")
    declared = getattr(getattr(view, method.lower(), None), "operation", None)
    if declared is None:
        return
    problem = response.json()
    listed = declared.problems(method, has_path_id=bool(response.resolver_match.kwargs))
    is_of_fields = response.status_code == 400 and problem["errors"]
    assert is_of_fields or problem["code"] in listed.get(response.status_code, {}), (
        f"{method} {declared.name} does not list {response.status_code} {problem['code']}"
    )
