"""What proves the books to others: receipts of one's own lines, and the published anchors."""

from collections.abc import Iterator
from typing import Final

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.enums import Role
from accounts.permissions import SignedInRequest, role_required
from common.http import attempt
from wallets import selectors
from wallets.integrity import anchors as signed
from wallets.integrity import receipt_of
from wallets.views.wallet import place_in

LINES_AT_ONCE: Final = 10_000


@require_safe
@login_required
@role_required(Role.FREELANCER)
@never_cache
def receipt(request: SignedInRequest, currency: str, line: int) -> HttpResponse:
    """One line of the statement as a file that anybody can check."""
    found = attempt(
        request, lambda: receipt_of(user_id=request.user.pk, currency=currency, line=line)
    )
    if found is None:
        return redirect(f"{reverse('wallets:statement')}?currency={currency}")
    name = f"tranche-receipt-{currency}-{line}.json"
    return JsonResponse(
        found,
        json_dumps_params={"indent": 2},
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@require_safe
def anchors(request: HttpRequest) -> HttpResponse:
    """The signed states of the ledger, newest first, for everybody."""
    page = selectors.anchors_page(before=place_in(request.GET.get("before", "")))
    rows = [signed.published(signed.of_row(anchor)) for anchor in page.rows]
    context = {
        "anchors": rows,
        "key": rows[0]["key"] if rows else "",
        "older": page.older,
        "is_newest": page.is_newest,
    }
    return render(request, "anchors.html", context)


@require_safe
@never_cache
def anchors_file(request: HttpRequest) -> HttpResponseBase:
    """The anchors after one as lines of JSON, oldest first, as the file outside has them."""
    after = place_in(request.GET.get("after", "")) or 0
    return StreamingHttpResponse(_lines(after), content_type="application/jsonl")


def _lines(after: int) -> Iterator[str]:
    for anchor in selectors.anchors_after(after, limit=LINES_AT_ONCE):
        yield signed.line_of(signed.of_row(anchor))
