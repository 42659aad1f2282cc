"""The base of every REST view: who calls, how often, with which scope, key and query string."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.utils import timezone
from rest_framework.exceptions import ParseError, PermissionDenied
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import idempotency
from accounts.enums import STEP_UP
from accounts.exceptions import KeyInFlight, KeyMalformed, KeyRequired, StepUpRequired
from accounts.idempotency import Answered, Asked, Claimed, Started
from accounts.models import ApiToken, User
from accounts.permissions import is_sure
from accounts.services.access import Allowance, call_count
from common import context
from common.api import problems, query
from common.api.query import ListQuery
from common.api.schema import Operation
from common.api.serializers import Input, Output
from common.failpoints import failpoint

P = ParamSpec("P")
V = TypeVar("V", bound="ApiView")
Row = TypeVar("Row", bound=Model)
Method = Callable[Concatenate[V, Request, P], HttpResponseBase]
UNKNOWN_ADDRESS = "unknown"
PAGING = {"limit", "cursor", "ordering"}


class ApiView(APIView):
    """A view whose methods are declared with `@operation`.

    Order of the checks: calls a minute, who calls, the token's scope, the idempotency key, the
    query string; then the method reads the body, finds the object and asks the service.
    """

    limit = "calls"
    at: datetime
    allowance: Allowance | None = None
    asked: Asked | None = None
    params: dict[str, Any]
    unreadable: ParseError | None = None

    def get_authenticators(self) -> list[Any]:
        return super().get_authenticators() if self._needs_user() else []

    def get_permissions(self) -> list[Any]:
        return [IsAuthenticated() if self._needs_user() else AllowAny()]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.at = timezone.now()
        self.allowance = call_count(
            scope=self.limit,
            subject=context.remote_address.get() or UNKNOWN_ADDRESS,
            at=self.at,
        )
        failpoint("request.received")
        super().initial(request, *args, **kwargs)
        failpoint("request.authenticated")
        operation = self._operation()
        if operation is None:
            return
        self._check_scope(operation)
        self.asked = self._asked(operation)
        self.params = query.parsed(operation.query, request.query_params)

    def finalize_response(  # type: ignore[override]
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        done: HttpResponse = super().finalize_response(request, response, *args, **kwargs)
        if self.allowance is not None:
            done["RateLimit-Limit"] = str(self.allowance.limit)
            done["RateLimit-Remaining"] = str(self.allowance.remaining)
            done["RateLimit-Reset"] = str(self.allowance.reset)
        done.setdefault("Cache-Control", "no-store")
        return done

    @property
    def user(self) -> User:
        """Who calls; not on public operations."""
        return cast("User", self.request.user)

    @property
    def token(self) -> ApiToken | None:
        """The token that the call presented; None for the browser's session."""
        return cast("ApiToken | None", self.request.auth)

    def body(self, serializer: type[Input]) -> dict[str, Any]:
        """The validated body."""
        if self.unreadable is not None:
            raise self.unreadable
        checked = serializer(data=self.request.data)
        checked.is_valid(raise_exception=True)
        return cast("dict[str, Any]", checked.validated_data)

    def empty_body(self) -> None:
        """Refuses a body that says something where nothing is asked for."""
        self.body(Input)

    def filters(self) -> dict[str, Any]:
        """The parameters of a list that narrow it down."""
        return {name: self.params[name] for name in self.params.keys() - PAGING}

    def page(self, queryset: QuerySet[Row], output: type[Output]) -> Response:
        """The page of the list that the query string asks for."""
        page = query.page_of(
            queryset,
            request=self.request,
            query=cast("type[ListQuery]", cast("Operation", self._operation()).query),
            params=self.params,
        )
        rows = output(page.rows, many=True).data
        return Response({"results": rows, "next": page.next, "previous": page.previous})

    def _operation(self) -> Operation | None:
        request: Request | None = self.request
        if request is None:  # the schema generator asks before there is one
            return None
        method = getattr(self, (request.method or "").lower(), None)
        return getattr(method, "operation", None)

    def _needs_user(self) -> bool:
        operation = self._operation()
        return operation is None or not operation.is_public

    def _check_scope(self, operation: Operation) -> None:
        token = self.token
        if token is None and operation.scope in STEP_UP and not is_sure(self.request):
            raise StepUpRequired
        if token is not None and operation.scope and operation.scope not in token.scopes:
            raise PermissionDenied(
                f"The token lacks the scope {operation.scope}.", code="scope_missing"
            )

    def _asked(self, operation: Operation) -> Asked | None:
        key = self.request.headers.get("Idempotency-Key")
        if key is None:
            if operation.needs_key and self.token is not None:
                raise KeyRequired
            return None
        if not (0 < len(key) <= 255 and all("!" <= character <= "~" for character in key)):
            raise KeyMalformed
        if not operation.takes_key:
            return None
        digest = idempotency.digest_of(
            method=self.request.method or "",
            route=self.request.path.rstrip("/"),
            body=self._canonical_body(),
        )
        return Asked(user=self.user, key=key, digest=digest)

    def _canonical_body(self) -> bytes:
        """The body in one spelling. What is wrong with an unreadable one can wait: its key may
        have come with another request before.
        """
        try:
            data = self.request.data
        except ParseError as error:
            self.unreadable = error
            return b"unreadable"
        return json.dumps(data, sort_keys=True, default=_plain).encode()


def idempotent(method: Method[V, P]) -> Method[V, P]:
    """Run the method in one transaction with its key row, or give the answer that is kept.

    Everything the method refuses rolls the key back, so a key stands for an effect.
    """

    @wraps(method)
    def guarded(
        self: V, request: Request, /, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponseBase:
        if self.asked is None:
            return method(self, request, *args, **kwargs)
        with transaction.atomic():
            claimed = idempotency.claim(self.asked, at=self.at)
            if isinstance(claimed, Answered):
                return replay(claimed)
            if isinstance(claimed, Started):
                raise KeyInFlight
            failpoint("request.key_taken")
            response = method(self, request, *args, **kwargs)
            keep(claimed, cast("Response", response))
            failpoint("request.answer_kept")
        failpoint("request.committed")
        return response

    return guarded


def keep(claimed: Claimed | Started, response: Response) -> None:
    """Store an answer under its key, in the transaction of its effect."""
    body = "" if response.data is None else JSONRenderer().render(response.data).decode()
    idempotency.answer(claimed, status=response.status_code, body=body)


def replay(answered: Answered) -> HttpResponse:
    """The first answer again, word by word."""
    is_problem = answered.status >= 400
    return HttpResponse(
        answered.body,
        status=answered.status,
        content_type=problems.CONTENT_TYPE if is_problem else "application/json",
        headers={"Idempotency-Replayed": "true"},
    )


def _plain(value: Decimal | UploadedFile) -> dict[str, str]:
    """What JSON has no word for: an exact number, or a file by its SHA-256."""
    if isinstance(value, Decimal):
        return {"number": str(value)}
    digest = hashlib.file_digest(value, "sha256").hexdigest()
    value.seek(0)
    return {"file": str(value.name), "sha256": digest}
