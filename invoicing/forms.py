"""The filter above the list of invoices, what is said about one, and archives of many."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict

from common.forms import AmountField, amount_in
from common.money import amount_text, from_minor, to_minor
from gigs.models import Project
from invoicing.documents.foreign import LARGEST
from invoicing.enums import InvoiceKind, InvoiceStatus, Side, Unit
from invoicing.models import InvoiceDraft, ManualLine
from invoicing.selectors import InvoiceFilters, Wanted

SPARE_ROWS: Final = 3


class ObjectionForm(forms.Form):
    """Why a freelancer does not accept an invoice."""

    reason = forms.CharField(max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))


class InvoiceFilterForm(forms.Form):
    """Status and number; whatever makes no sense counts as not asked for."""

    status = forms.ChoiceField(
        choices=[("", "Any status"), *InvoiceStatus.choices],
        required=False,
        widget=forms.Select(attrs={"data-autosubmit": ""}),
    )
    kind = forms.ChoiceField(
        choices=[("", "Any kind"), *InvoiceKind.choices],
        required=False,
        widget=forms.Select(attrs={"data-autosubmit": ""}),
    )
    number = forms.CharField(
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "K7QM-2026-00012"}),
    )

    issued_from = forms.DateField(
        required=False, widget=forms.DateInput(attrs={"type": "date"}), label="Issued from"
    )
    issued_until = forms.DateField(
        required=False, widget=forms.DateInput(attrs={"type": "date"}), label="until"
    )

    def filters(self, side: Side) -> InvoiceFilters:
        """What to look for on that side."""
        self.full_clean()
        values = self.cleaned_data
        return InvoiceFilters(
            side=side,
            kind=values.get("kind", ""),
            status=values.get("status", ""),
            number=values.get("number", "").strip().upper(),
            issued_from=values.get("issued_from"),
            issued_until=values.get("issued_until"),
        )


class ReportForm(forms.Form):
    """What the freelancer tells staff."""

    message = forms.CharField(
        label="What have you agreed, and what was said?",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class ExportForm(forms.Form):
    """What to put into an archive: the files of a range, or the tables of a calendar year."""

    side = forms.ChoiceField(choices=Side.choices, label="Invoices that you")
    year = forms.TypedChoiceField(
        coerce=int, empty_value=None, required=False, label="Tables of the year"
    )
    issued_from = forms.DateField(
        required=False, widget=forms.DateInput(attrs={"type": "date"}), label="Files issued from"
    )
    issued_until = forms.DateField(
        required=False, widget=forms.DateInput(attrs={"type": "date"}), label="until"
    )
    status = forms.ChoiceField(
        choices=[("", "Any status"), *InvoiceStatus.choices], required=False, label="Status"
    )

    def __init__(
        self, data: QueryDict | None, *, initial: Mapping[str, str], years: Sequence[int]
    ) -> None:
        super().__init__(data, initial=dict(initial))
        choices = [("", "No tables: the files"), *((year, str(year)) for year in years)]
        self.fields["year"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """A range ends after it began."""
        values: dict[str, Any] = super().clean() or {}
        first, last = values.get("issued_from"), values.get("issued_until")
        if first and last and last < first:
            self.add_error("issued_until", "This is before the first day.")
        return values

    def wanted(self) -> Wanted:
        """What the archive is of."""
        return Wanted(**{**self.cleaned_data, "side": Side(self.cleaned_data["side"])})


class ProjectForm(forms.Form):
    """For which project an invoice is written."""

    project = forms.ChoiceField()

    def __init__(self, projects: Sequence[Project], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["project"] = forms.ChoiceField(
            choices=[("", "Choose one"), *((p.public_id, p.title) for p in projects)],
            help_text="Those in which the commissioner agreed on extra work.",
        )


class ManualLineForm(forms.Form):
    """One line of an invoice by hand."""

    description = forms.CharField(max_length=300, required=False)
    quantity = forms.DecimalField(
        max_digits=9, decimal_places=2, min_value=Decimal("0.01"), initial=1, required=False
    )
    unit = forms.ChoiceField(choices=Unit.choices, initial=Unit.HOUR, required=False)
    price = AmountField(label="Price of one", required=False)

    def line(self, currency: str) -> ManualLine | None:
        """What it says; None for an empty row. ValidationError with a sentence."""
        values = self.cleaned_data
        if not values.get("description"):
            return None
        if not values.get("price") or not values.get("quantity"):
            raise ValidationError("Each line needs a description, a quantity and a price.")
        price = to_minor(amount_in(values["price"], currency))
        unit = Unit(values["unit"] or Unit.LUMP_SUM)
        return ManualLine(values["description"], values["quantity"], unit, price)


ManualRows = forms.formset_factory(ManualLineForm, extra=0, max_num=50, absolute_max=50)


class Paper:
    """The lines of a draft as they are written; some rows are spare."""

    def __init__(self, data: QueryDict | None = None, *, rows: Sequence[Mapping[str, Any]] = ()):
        initial = [*rows, *({} for _ in range(SPARE_ROWS))]
        self.rows = ManualRows(data, initial=initial, prefix="lines")
        self.lines: list[ManualLine] = []
        self.errors: list[str] = []

    @classmethod
    def of(cls, draft: InvoiceDraft) -> "Paper":
        """The lines of a draft, and spare rows."""
        currency = draft.project.budget.currency.code
        return cls(
            rows=[
                {
                    "description": line.description,
                    "quantity": line.quantity,
                    "unit": line.unit,
                    "price": amount_text(from_minor(line.price, currency)),
                }
                for line in draft.lines
            ]
        )

    def is_valid(self, currency: str) -> bool:
        """Whether it can be kept; `lines` then, `errors` otherwise."""
        if not self.rows.is_valid():
            self.errors = [str(message) for message in self.rows.non_form_errors()]
            return False
        for form in self.rows:
            try:
                line = form.line(currency)
            except ValidationError as error:
                form.add_error(None, error)
                self.errors += error.messages
                continue
            if line is not None:
                self.lines.append(line)
        if not self.lines and not self.errors:
            self.errors.append("Write at least one line.")
        return not self.errors


class ForeignForm(forms.Form):
    """An invoice that somebody else made, for one's own records."""

    file = forms.FileField(
        label="Factur-X (PDF), CII or UBL file, up to 5 MiB",
        max_length=200,
        widget=forms.FileInput(attrs={"accept": ".pdf,.xml,application/pdf,application/xml"}),
    )
    side = forms.ChoiceField(choices=Side.choices, initial=Side.RECEIVED, label="You have")
    accepts_findings = forms.BooleanField(
        required=False, label="Keep it although it breaks rules, with their list"
    )

    def clean_file(self) -> UploadedFile:
        """Nothing large is read at all."""
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST:
            raise forms.ValidationError(f"The file is larger than {LARGEST // 2**20} MiB.")
        return file
