"""Dashboard and status page."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.permissions import SignedInRequest
from common.http import render_page
from outbox.selectors import system_status
from wallets import selectors


@require_safe
@login_required
def dashboard(request: SignedInRequest) -> HttpResponse:
    """What waits, what came in, what went out; both sides for a person with both roles."""
    user, now = request.user, timezone.now()
    context: dict[str, Any] = {"today": now.date()}
    if user.is_freelancer:
        board = selectors.freelancer_board(user, asked=request.GET.get("earned", ""), at=now)
        context |= {"freelancer": board, "earnings_source": board.chart.source("Net earnings")}
    if user.is_commissioner:
        spent = request.GET.get("spent", "")
        context["commissioner"] = selectors.commissioner_board(user, asked=spent, at=now)
        context["spending_source"] = context["commissioner"].chart.source("Spent")
    return render(request, "dashboard.html", context)


@require_safe
@never_cache
def status(request: HttpRequest) -> HttpResponse:
    """Whether everything works, for everybody."""
    context = {
        "status": system_status(),
        "books": selectors.books_status(),
        "now": timezone.now(),
    }
    return render_page(request, "status.html", "_status.html", context)
