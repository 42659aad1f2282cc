"""The settings screens: profile, legal data, tokens, security."""

from collections.abc import Callable, Mapping
from functools import partial

from allauth.core.exceptions import ReauthenticationRequired
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import selectors, services
from accounts.enums import ORDINARY, STEP_UP, Role
from accounts.forms import (
    CommissionerProfileForm,
    FreelancerProfileForm,
    LogoForm,
    OrganisationForm,
    PersonLegalForm,
    ProfileForm,
    RoleForm,
    TokenForm,
)
from accounts.models import Logo, Organisation, User
from accounts.permissions import SignedInRequest, is_sure, role_required
from common.exceptions import Missing
from common.http import attempt, found

SAVED = "Saved."
ORGANISATIONS_ID = "organisation-%s"
"""Tells the fields of an organisation's logo from those of one's own on the same page."""


@require_safe
@login_required
def settings(request: SignedInRequest) -> HttpResponse:
    """Profile: name, currency, what others see, and the second role."""
    return _profile_page(request)


@require_POST
@login_required
def profile(request: SignedInRequest) -> HttpResponse:
    """Save name and currency."""
    form = ProfileForm(request.POST)
    if form.is_valid():
        values = form.cleaned_data
        services.profile_update(**values, by=request.user, at=timezone.now())
        return _saved(request, "accounts:settings")
    return _profile_page(request, profile_form=form)


@require_POST
@login_required
@role_required(Role.FREELANCER)
def freelancer_profile(request: SignedInRequest) -> HttpResponse:
    """Save what commissioners see."""
    form = FreelancerProfileForm(request.POST)
    if form.is_valid():
        values = form.cleaned_data
        services.freelancer_profile_update(**values, by=request.user, at=timezone.now())
        return _saved(request, "accounts:settings")
    return _profile_page(request, freelancer_form=form)


@require_POST
@login_required
@role_required(Role.COMMISSIONER)
def commissioner_profile(request: SignedInRequest) -> HttpResponse:
    """Save what freelancers see."""
    form = CommissionerProfileForm(request.POST)
    if form.is_valid():
        values = form.cleaned_data
        services.commissioner_profile_update(**values, by=request.user, at=timezone.now())
        return _saved(request, "accounts:settings")
    return _profile_page(request, commissioner_form=form)


@require_POST
@login_required
def role_add(request: SignedInRequest) -> HttpResponse:
    """Take on the second role."""
    form = RoleForm(request.POST)
    if form.is_valid():
        services.role_add(role=form.cleaned_data["role"], by=request.user, at=timezone.now())
        label = Role(form.cleaned_data["role"]).label.lower()
        messages.success(request, f"You are a {label} now, too.")
    else:
        messages.error(request, "There is no such role.")
    return redirect("accounts:settings")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def legal(request: SignedInRequest) -> HttpResponse:
    """Name, address and tax number as they stand on the next invoices."""
    if request.method != "POST":
        return _legal_page(request)
    form = PersonLegalForm(request.POST, user=request.user)
    if form.is_valid() and attempt(request, _legal_saving(request, form), form=form) is not None:
        return _saved(request, "accounts:legal")
    return _legal_page(request, legal_form=form)


@require_POST
@login_required
@role_required(Role.FREELANCER)
def logo(request: SignedInRequest) -> HttpResponse:
    """Put a picture on the next invoices."""
    form = LogoForm(request.POST, request.FILES)
    if _is_kept(request, form, services.logo_save):
        return _saved(request, "accounts:legal")
    return _legal_page(request, logo_form=form)


@require_POST
@login_required
@role_required(Role.FREELANCER)
def logo_remove(request: SignedInRequest) -> HttpResponse:
    """Leave the logo off the next invoices."""
    services.logo_remove(by=request.user, at=timezone.now())
    return _saved(request, "accounts:legal")


@require_safe
@login_required
def logo_picture(request: SignedInRequest) -> HttpResponse:
    """One's own logo as it is printed."""
    return _picture(selectors.logo_of(request.user))


@require_POST
@login_required
@role_required(Role.COMMISSIONER)
def organisation_logo(request: SignedInRequest) -> HttpResponse:
    """Put a picture on the next invoices that one's organisation writes itself."""
    form = LogoForm(request.POST, request.FILES, auto_id=ORGANISATIONS_ID)
    if _is_kept(request, form, services.organisation_logo_save):
        return _saved(request, "accounts:legal")
    return _legal_page(request, organisation_logo_form=form)


@require_POST
@login_required
@role_required(Role.COMMISSIONER)
def organisation_logo_remove(request: SignedInRequest) -> HttpResponse:
    """Leave the logo off the next invoices of one's organisation."""
    try:
        services.organisation_logo_remove(by=request.user, at=timezone.now())
    except Missing as error:
        raise Http404 from error
    return _saved(request, "accounts:legal")


@require_safe
@login_required
def organisation_logo_picture(request: SignedInRequest) -> HttpResponse:
    """The logo of one's organisation as it is printed."""
    return _picture(selectors.organisation_logo_of(request.user))


@require_POST
@login_required
@role_required(Role.COMMISSIONER)
def organisation(request: SignedInRequest) -> HttpResponse:
    """Save the organisation that a commissioner acts for."""
    form = OrganisationForm(request.POST)
    if (
        form.is_valid()
        and attempt(request, _organisation_saving(request, form), form=form) is not None
    ):
        return _saved(request, "accounts:legal")
    return _legal_page(request, organisation_form=form)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def tokens(request: SignedInRequest) -> HttpResponse:
    """API tokens; a new one's secret stands on the page that answers its creation, once.

    One that may withdraw money is made by somebody who has just given the password again.
    """
    if request.method != "POST":
        return _tokens_page(request, _fresh_token_form())
    form = TokenForm(request.POST)
    if form.is_valid():
        grant = form.grant()
        if STEP_UP & set(grant.scopes) and not is_sure(request):
            raise ReauthenticationRequired
        _, secret = services.token_issue(grant=grant, by=request.user, at=timezone.now())
        return _tokens_page(
            request, _fresh_token_form(), new={"name": grant.name, "secret": secret}
        )
    return _tokens_page(request, form)


@require_POST
@login_required
def token_revoke(request: SignedInRequest, token_id: str) -> HttpResponse:
    """End one of one's own tokens."""
    token = found(selectors.tokens_of(request.user), token_id)
    services.token_revoke(token_id=token.pk, by=request.user, at=timezone.now())
    messages.success(request, f"{token.name} is revoked: calls with it are refused from now on.")
    return redirect("accounts:tokens")


@require_safe
@login_required
def security(request: SignedInRequest) -> HttpResponse:
    """Password, second factor and addresses, each on a page of its own."""
    context = {"security": selectors.security_of(request.user)}
    return render(request, "accounts/security.html", context)


def _saved(request: SignedInRequest, page: str) -> HttpResponse:
    messages.success(request, SAVED)
    return redirect(page)


def _profile_page(
    request: SignedInRequest,
    *,
    profile_form: ProfileForm | None = None,
    freelancer_form: FreelancerProfileForm | None = None,
    commissioner_form: CommissionerProfileForm | None = None,
) -> HttpResponse:
    user = request.user
    is_refused = bool(profile_form or freelancer_form or commissioner_form)
    if user.is_freelancer and freelancer_form is None:
        values = selectors.freelancer_profile_values(user)
        freelancer_form = FreelancerProfileForm(initial=values)
    if user.is_commissioner and commissioner_form is None:
        values = selectors.commissioner_profile_values(user)
        commissioner_form = CommissionerProfileForm(initial=values)
    initial = {"name": user.name, "currency": user.currency}
    context = {
        "profile_form": profile_form or ProfileForm(initial=initial),
        "freelancer_form": freelancer_form,
        "commissioner_form": commissioner_form,
        "missing_roles": selectors.missing_roles(user),
    }
    return render(request, "accounts/profile.html", context, status=422 if is_refused else 200)


def _fresh_token_form() -> TokenForm:
    return TokenForm(initial={"scopes": [scope.value for scope in ORDINARY]})


def _tokens_page(
    request: SignedInRequest, form: TokenForm, *, new: Mapping[str, str] | None = None
) -> HttpResponse:
    context = {
        "form": form,
        "tokens": selectors.tokens_of(request.user),
        "now": timezone.now(),
        "new_token": new,
    }
    return render(request, "accounts/tokens.html", context, status=422 if form.is_bound else 200)


def _is_kept(request: SignedInRequest, form: LogoForm, save: Callable[..., Logo]) -> bool:
    """Whether the service took the picture that was sent."""
    if not form.is_valid():
        return False
    content = form.cleaned_data["file"].read()
    call = partial(save, content=content, by=request.user, at=timezone.now())
    return attempt(request, call, form=form) is not None


def _picture(logo: Logo | None) -> HttpResponse:
    if logo is None:
        raise Http404
    return HttpResponse(bytes(logo.content), content_type="image/png")


def _legal_saving(request: SignedInRequest, form: PersonLegalForm) -> Callable[[], User]:
    return partial(
        services.legal_data_update, changes=form.changes(), by=request.user, at=timezone.now()
    )


def _organisation_saving(
    request: SignedInRequest, form: OrganisationForm
) -> Callable[[], Organisation]:
    return partial(
        services.organisation_save, changes=form.changes(), by=request.user, at=timezone.now()
    )


def _legal_page(
    request: SignedInRequest,
    *,
    legal_form: PersonLegalForm | None = None,
    organisation_form: OrganisationForm | None = None,
    logo_form: LogoForm | None = None,
    organisation_logo_form: LogoForm | None = None,
) -> HttpResponse:
    user = request.user
    is_refused = bool(legal_form or organisation_form or logo_form or organisation_logo_form)
    organisation = selectors.organisation_of(user) if user.is_commissioner else None
    if organisation is not None and organisation_logo_form is None:
        organisation_logo_form = LogoForm(auto_id=ORGANISATIONS_ID)
    if user.is_commissioner and organisation_form is None:
        organisation_form = OrganisationForm(initial=selectors.organisation_values(user))
    context = {
        "legal_form": legal_form
        or PersonLegalForm(initial=selectors.person_values(user), user=user),
        "organisation_form": organisation_form,
        "logo_form": logo_form or (LogoForm() if user.is_freelancer else None),
        "logo_digest": user.logo_digest,
        "organisation_logo_form": organisation_logo_form,
        "organisation_logo_digest": organisation.logo_digest if organisation else "",
    }
    return render(request, "accounts/legal.html", context, status=422 if is_refused else 200)
