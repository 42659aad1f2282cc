"""What approving a milestone would do, shown before it is done."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.forms import BaseForm
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.permissions import SignedInRequest
from common.exceptions import DomainError
from common.forms import first_error
from common.http import found, render_page
from gigs import policies
from gigs import selectors as gig_selectors
from gigs.forms import ApproveForm, PartForm
from gigs.models import Milestone
from invoicing.selectors import FeeWorking, fee_working
from wallets import services
from wallets.services import Preview


@require_safe
@login_required
@never_cache
def approval_preview(request: SignedInRequest, milestone_id: str) -> HttpResponse:
    """What approving a milestone would do, for its commissioner, with the bonus asked about."""
    milestone = _own(request, milestone_id)
    form = ApproveForm(request.GET, currency=milestone.amount.currency.code)
    return _page(
        request,
        milestone,
        form,
        lambda: services.approval_preview(
            milestone_id=milestone.pk,
            bonus=form.cleaned_data["bonus"],
            by=request.user,
            at=timezone.now(),
        ),
    )


@require_safe
@login_required
@never_cache
def part_preview(request: SignedInRequest, milestone_id: str) -> HttpResponse:
    """What approving a part of a milestone would do, for its commissioner."""
    milestone = _own(request, milestone_id)
    form = PartForm(request.GET, currency=milestone.amount.currency.code)
    return _page(
        request,
        milestone,
        form,
        lambda: services.approval_preview(
            milestone_id=milestone.pk, part=form.part, by=request.user, at=timezone.now()
        ),
    )


def _own(request: SignedInRequest, milestone_id: str) -> Milestone:
    milestone = found(gig_selectors.milestone_pages(request.user), milestone_id)
    if not policies.may_review(request.user, milestone):
        raise PermissionDenied("Only the project's commissioner can approve.")
    return milestone


def _page(
    request: SignedInRequest, milestone: Milestone, form: BaseForm, ask: Callable[[], Preview]
) -> HttpResponse:
    context: dict[str, Any] = {"milestone": milestone, "due_days": settings.INVOICE_DUE_DAYS}
    if not form.is_valid():
        context["refusal"] = first_error(form)
    else:
        try:
            preview = ask()
        except DomainError as refusal:
            context["refusal"] = refusal.message
        else:
            context |= {"preview": preview, "working": working_of(preview)}
    return render_page(
        request, "wallets/approval_preview.html", "wallets/_approval_preview.html", context
    )


def working_of(preview: Preview) -> FeeWorking:
    """How the fee of a preview comes about."""
    return fee_working(
        rate=preview.fee_rate,
        gross_before=preview.gross_before,
        fees_before=preview.fees_before,
        gross=preview.subtotal,
        fee=preview.fee,
    )
