"""The staff door to the bank's statements: importing them, and saying what their lines are."""

from collections.abc import Callable
from functools import partial

from django import forms
from django.contrib import admin
from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.permissions import SignedInRequest
from common.admin import ReadOnlyAdmin, StateFilter, run_service, table
from common.formats import money_for_people
from common.money import from_minor
from invoicing.models import Invoice
from wallets.admin.payouts import ReasonForm
from wallets.enums import BankMatchStatus
from wallets.models import BankMatch, BankStatement, BankStatementLine, Withdrawal
from wallets.models.bank import LIVE
from wallets.providers.statements import MOST_BYTES
from wallets.selectors import bank_books, bank_ledger, invoice_candidates, match_candidates
from wallets.services import (
    bank_invoice_match,
    bank_line_set_aside,
    bank_match_confirm,
    bank_match_drop,
    bank_match_make,
    bank_statement_import,
    hindrance,
)


class StatementForm(forms.Form):
    """A statement as the bank wrote it."""

    file = forms.FileField(
        label="camt.053 or CSV file",
        widget=forms.ClearableFileInput(attrs={"accept": ".xml,.csv,text/csv,application/xml"}),
    )

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(f"The file is larger than {MOST_BYTES // 1024 // 1024} MB.")
        return file


class CandidateForm(ReasonForm):
    """What a line is about: one of those that are proposed, or any by its name."""

    candidate = forms.ChoiceField(
        widget=forms.RadioSelect, required=False, label="It is about", choices=[]
    )
    name = forms.CharField(label="or about", max_length=40, required=False)
    field_order = ("candidate", "name", "reason")
    help_text = ""

    def __init__(self, *args, candidates, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if candidates:
            field = self.fields["candidate"]
            assert isinstance(field, forms.ChoiceField)
            field.choices = candidates
        else:
            del self.fields["candidate"]
            self.fields["name"].label = "It is about"
        self.fields["name"].help_text = self.help_text

    def clean(self):
        values = super().clean() or {}
        name = values.get("name", "").strip() or values.get("candidate", "")
        try:
            values["chosen"] = self.find(name).pk
        except ObjectDoesNotExist:
            raise forms.ValidationError("Choose one of them, or name another one.") from None
        return values

    def find(self, name: str) -> models.Model:
        raise NotImplementedError


class WithdrawalForm(CandidateForm):
    """Which withdrawal a line is about."""

    help_text = "wd_… identifier"

    def find(self, name: str) -> Withdrawal:
        return Withdrawal.objects.by_public_id(name)


class InvoiceForm(CandidateForm):
    """Which invoice money in is for."""

    help_text = "number of an invoice"

    def find(self, name: str) -> Invoice:
        return Invoice.objects.get(number=name.upper())


@admin.register(BankStatement)
class BankStatementAdmin(ReadOnlyAdmin):
    """Statements as they were imported, and each account beside the ledger."""

    list_display = ["to_on", "account", "closing", "line_count", "known_count", "file_name"]
    list_filter = ["account", "format"]
    list_select_related = ["account"]
    search_fields = ["=sha256", "=reference", "file_name"]
    search_help_text = "File name, SHA-256, the bank's number of the statement or bst_… identifier"
    date_hierarchy = "to_on"
    ordering = ["-to_on", "-pk"]
    fields = [
        "public_id",
        "account",
        "reference",
        "from_on",
        "to_on",
        "opening",
        "closing",
        "line_count",
        "known_count",
        "format",
        "file_name",
        "sha256",
        "imported_at",
        "imported_by",
        "its_lines",
    ]

    def get_urls(self):
        view = self.page(self.take_in)
        return [path("import/", view, name="wallets_bankstatement_import"), *super().get_urls()]

    @admin.display(ordering="opening_minor")
    def opening(self, statement: BankStatement) -> str:
        return money_for_people(from_minor(statement.opening_minor, statement.account.currency))

    @admin.display(ordering="closing_minor")
    def closing(self, statement: BankStatement) -> str:
        return money_for_people(from_minor(statement.closing_minor, statement.account.currency))

    @admin.display(description="lines")
    def its_lines(self, statement: BankStatement) -> SafeString:
        address = reverse("admin:wallets_bankstatementline_changelist")
        return format_html(
            '<a href="{}?state=all&amp;statement__id__exact={}">All its lines</a>',
            address,
            statement.pk,
        )

    def changelist_view(self, request, extra_context=None):
        books = bank_books()
        shown = {"books": books, "ledgers": bank_ledger(books)}
        return super().changelist_view(request, {**(extra_context or {}), **shown})

    def take_in(self, request: SignedInRequest) -> HttpResponse:
        """Ask for a file, and keep what it says."""
        is_asked = request.method == "POST"
        form = StatementForm(*((request.POST, request.FILES) if is_asked else ()))
        if form.is_valid():
            file = form.cleaned_data["file"]
            take = partial(
                bank_statement_import,
                content=file.read(),
                file_name=file.name,
                by=request.user,
                at=timezone.now(),
            )
            if (taken := run_service(request, take)) is not None:
                words = (
                    f"{taken.line_count} new lines are being matched."
                    if taken.is_new
                    else "This file was imported before; nothing has changed."
                )
                self.message_user(request, words)
                return redirect("admin:wallets_bankstatement_changelist")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Import a statement",
            "form": form,
            "back": reverse("admin:wallets_bankstatement_changelist"),
        }
        return TemplateResponse(request, "admin/wallets/bankstatement/import.html", context)


class LineStateFilter(StateFilter):
    """Lines that wait for somebody, unless something else is asked for."""

    default = "unmatched"
    labels = {
        "unmatched": "Unmatched",
        "proposed": "Waiting for a second person",
        "done": "Matched",
        "all": "All",
    }

    def lookups(self, request, model_admin):
        return list(self.labels.items())

    def queryset(self, request, queryset):
        if self.value() == "all":
            return queryset
        live = BankMatch.objects.filter(line=OuterRef("pk"), status__in=LIVE)
        if self.value() in ("proposed", "done"):
            return queryset.filter(Exists(live.filter(status=self.value())))
        return queryset.filter(~Exists(live))


@admin.register(BankStatementLine)
class BankStatementLineAdmin(ReadOnlyAdmin):
    """What the bank booked. Unmatched lines are matched by hand, or set aside, with a reason."""

    list_display = ["booked_on", "amount", "decide", "name", "text", "return_code"]
    list_filter = [LineStateFilter, "account", "booked_on", "return_code"]
    list_select_related = ["account"]
    search_fields = ["name", "text", "=reference", "=end_to_end_id"]
    search_help_text = "Name, text, the bank's reference, end-to-end or bsl_… identifier"
    ordering = ["-booked_on", "-pk"]
    fields = [
        "public_id",
        "statement",
        "account",
        "booked_on",
        "amount",
        "name",
        "counterparty",
        "text",
        "end_to_end_id",
        "file_reference",
        "return_code",
        "reference",
        "decisions",
        "decide",
    ]

    def get_urls(self):
        view = self.page(self.match)
        name = "wallets_bankstatementline_match"
        return [path("<path:object_id>/match/", view, name=name), *super().get_urls()]

    @admin.display(ordering="amount_minor")
    def amount(self, line: BankStatementLine) -> str:
        return money_for_people(from_minor(line.amount_minor, line.account.currency))

    @admin.display(description="")
    def decide(self, line: BankStatementLine) -> SafeString:
        address = reverse("admin:wallets_bankstatementline_match", args=[line.pk])
        return format_html('<a href="{}">Look and match</a>', address)

    @admin.display
    def decisions(self, line: BankStatementLine) -> SafeString:
        """What the line was said to be, and by whom."""
        rows: list[tuple[object, ...]] = [
            (
                one.get_kind_display(),
                one.get_status_display(),
                one.invoice.number if one.invoice else "",
                one.withdrawal.public_id if one.withdrawal else "",
                money_for_people(from_minor(one.amount_minor, line.account.currency)),
                money_for_people(from_minor(one.difference_minor, line.account.currency)),
                one.reason,
                one.made_by or "found by its identifier",
                one.decided_by or "",
            )
            for one in line.matches.select_related(
                "withdrawal", "invoice", "made_by", "decided_by"
            ).order_by("pk")
        ]
        heads = [
            "What",
            "State",
            "Invoice",
            "Withdrawal",
            "Amount",
            "Difference",
            "Reason",
            "By",
            "Decided by",
        ]
        return table(heads, rows)

    def match(self, request: SignedInRequest, object_id: str) -> HttpResponse:
        """One line, what it could be about, and the ways to decide."""
        line = self.get_object(request, object_id)
        if line is None:
            raise Http404
        deed = request.POST.get("action", "")
        kinds: dict[str, Callable[..., forms.Form]] = {
            "match": partial(WithdrawalForm, candidates=_withdrawals(line)),
            "invoice": partial(InvoiceForm, candidates=_invoices(line)),
            "set_aside": ReasonForm,
            "drop": ReasonForm,
        }
        forms_by_deed = {
            name: kind(request.POST if deed == name else None, prefix=name)
            for name, kind in kinds.items()
        }
        live = line.matches.filter(status__in=LIVE).order_by("pk").first()
        if self._decided(request, line, live, forms_by_deed):
            return redirect("admin:wallets_bankstatementline_changelist")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "What is this line?",
            "line": line,
            "amount": self.amount(line),
            "decisions": self.decisions(line),
            "live": live,
            "hindrance": hindrance(line) if live is None else "",
            "is_waiting": live is not None and live.status == BankMatchStatus.PROPOSED,
            "forms": forms_by_deed,
            "back": reverse("admin:wallets_bankstatementline_changelist"),
        }
        return TemplateResponse(request, "admin/wallets/bankstatementline/match.html", context)

    def _decided(self, request, line, live, forms_by_deed) -> bool:
        """Whether what was asked for is done; a refusal is shown as a message."""
        deed = request.POST.get("action", "")
        who = {"by": request.user, "at": timezone.now()}
        form = forms_by_deed.get(deed)
        if form is not None and not form.is_valid():
            return False
        acts = {
            "match": lambda: bank_match_make(
                line_id=line.pk,
                withdrawal_id=form.cleaned_data["chosen"],
                reason=form.cleaned_data["reason"],
                **who,
            ),
            "invoice": lambda: bank_invoice_match(
                line_id=line.pk,
                invoice_id=form.cleaned_data["chosen"],
                reason=form.cleaned_data["reason"],
                **who,
            ),
            "set_aside": lambda: bank_line_set_aside(
                line_id=line.pk, reason=form.cleaned_data["reason"], **who
            ),
        }
        if live is not None:
            acts = {
                "confirm": lambda: bank_match_confirm(match_id=live.pk, **who),
                "drop": lambda: bank_match_drop(
                    match_id=live.pk, reason=form.cleaned_data["reason"], **who
                ),
            }
        if deed not in acts:
            return False
        done = run_service(request, acts[deed])
        if done is None:
            return False
        self.message_user(request, f"{done.get_kind_display()}: {done.get_status_display()}.")
        return True


def _withdrawals(line: BankStatementLine) -> list[tuple[str, str]]:
    return [
        (
            one.withdrawal.public_id,
            f"{money_for_people(one.net)}, {one.withdrawal.user}, {one.withdrawal.method.label},"
            f" {one.withdrawal.get_status_display().lower()}: {one.because}",
        )
        for one in match_candidates(line)
    ]


def _invoices(line: BankStatementLine) -> list[tuple[str, str]]:
    return [
        (
            one.invoice.number,
            f"{one.invoice.number}, {money_for_people(one.invoice.due)}, {one.invoice.buyer}:"
            f" {one.because}",
        )
        for one in invoice_candidates(line)
    ]
