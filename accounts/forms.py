"""Forms of registration and of the settings screens."""

from datetime import timedelta
from typing import Any, Final

from allauth.account.adapter import get_adapter
from allauth.account.forms import AddEmailForm, SignupForm
from django import forms
from django.contrib.postgres.forms import SimpleArrayField
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import URLValidator
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts import services
from accounts.enums import PartyKind, Role, Scope, TaxStatus
from accounts.models import User
from accounts.models.people import CURRENCY_CHOICES
from common.countries import COUNTRIES
from common.images import MOST_BYTES
from common.party_numbers import ADDRESS_SCHEMES, REGISTER_SCHEMES

LIFETIMES: Final = [(30, "30 days"), (90, "90 days"), (365, "One year")]
MAX_SKILLS: Final = 20


class RegistrationForm(SignupForm):  # type: ignore[misc]
    """Sign-up with a name and a role. Its answer does not tell whether an address is taken."""

    name = forms.CharField(max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    role = forms.ChoiceField(
        label="What brings you here?", choices=Role.choices, widget=forms.RadioSelect
    )
    field_order = ["role", "name", "email", "password1"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = "E-mail"
        self.fields["password1"].help_text = "At least 12 characters."
        for name in ("email", "password1"):
            self.fields[name].widget.attrs.pop("placeholder", None)

    def validate_unique_email(self, value: str) -> str:
        """Not asked here: the service decides, and the answer is the same."""
        return value

    def try_save(self, request: HttpRequest) -> tuple[None, HttpResponse]:
        """Register, or remind the owner of the address; then one answer for both."""
        services.user_sign_up(
            email=self.cleaned_data["email"],
            password=self.cleaned_data["password1"],
            name=self.cleaned_data["name"],
            role=self.cleaned_data["role"],
            at=timezone.now(),
        )
        return None, get_adapter().respond_email_verification_sent(request, None)


class ExtraEmailForm(AddEmailForm):  # type: ignore[misc]
    """A second address, which can become the one to sign in with: not somebody else's."""

    def clean_email(self) -> str:
        email: str = super().clean_email()
        if User.objects.filter(email=email).exclude(pk=self.user.pk).exists():
            raise forms.ValidationError("This address cannot be added.", code="refused")
        return email


class ProfileForm(forms.Form):
    """Name and preferred currency."""

    name = forms.CharField(max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    currency = forms.ChoiceField(
        choices=CURRENCY_CHOICES, help_text="New gigs start with it; each gig can use another one."
    )


class RoleForm(forms.Form):
    """The role to take on besides the present one."""

    role = forms.ChoiceField(choices=Role.choices, widget=forms.HiddenInput)


class FreelancerProfileForm(forms.Form):
    """What commissioners see."""

    prefix = "freelancer"
    headline = forms.CharField(
        max_length=120, required=False, help_text="One line: what you do best."
    )
    skills = SimpleArrayField(
        forms.CharField(max_length=40),
        max_length=MAX_SKILLS,
        required=False,
        help_text="Separate them with commas: django, css, accessibility.",
    )
    about = forms.CharField(
        max_length=5000, required=False, widget=forms.Textarea(attrs={"rows": 6})
    )


class CommissionerProfileForm(forms.Form):
    """What freelancers see."""

    prefix = "commissioner"
    website = forms.URLField(
        max_length=200,
        required=False,
        assume_scheme="https",
        validators=[URLValidator(schemes=["http", "https"])],
    )
    about = forms.CharField(
        max_length=5000, required=False, widget=forms.Textarea(attrs={"rows": 6})
    )


class LogoForm(forms.Form):
    """A picture for one's invoices. What it is, its content says."""

    file = forms.FileField(
        label="PNG or JPEG, up to 2 MiB",
        max_length=200,
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg"}),
    )

    def clean_file(self) -> UploadedFile:
        """Nothing large is read at all."""
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > MOST_BYTES:
            raise forms.ValidationError(f"The picture is larger than {MOST_BYTES // 2**20} MiB.")
        return file


class LegalForm(forms.Form):
    """Name, address and registrations as they stand on invoices."""

    legal_name = forms.CharField(max_length=200, help_text="As it stands on your invoices.")
    street = forms.CharField(
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "street-address"}),
    )
    postcode = forms.CharField(
        max_length=20, required=False, widget=forms.TextInput(attrs={"autocomplete": "postal-code"})
    )
    city = forms.CharField(max_length=100, required=False)
    region = forms.CharField(
        label="State or province",
        max_length=100,
        required=False,
        help_text="Where the address has one; in India it decides which tax applies.",
    )
    country = forms.ChoiceField(
        choices=[("", "Choose a country"), *COUNTRIES.items()], required=False
    )
    vat_id = forms.CharField(
        label="VAT or GST number",
        max_length=30,
        required=False,
        help_text="Such as DE136695976, an ABN or a GSTIN. Needed for reverse charge in Europe.",
    )
    tax_number = forms.CharField(
        label="Local tax number",
        max_length=40,
        required=False,
        help_text="Such as 181/815/08155 or an EIN; never a social security number.",
    )
    register_number = forms.CharField(
        max_length=40, required=False, help_text="In the register of companies or businesses."
    )
    register_scheme = forms.ChoiceField(
        label="Register", choices=[("", "Another one"), *REGISTER_SCHEMES.items()], required=False
    )
    electronic_address = forms.CharField(
        max_length=150, required=False, help_text="Where e-invoices reach you."
    )
    electronic_address_scheme = forms.ChoiceField(
        label="Kind of electronic address",
        choices=[("", "None"), *ADDRESS_SCHEMES.items()],
        required=False,
    )

    def changes(self) -> dict[str, str]:
        """The cleaned values as services take them."""
        return {name: str(value) for name, value in self.cleaned_data.items()}


OF_SELLERS: Final = ("tax_status", "invoice_iban", "contact_phone", "contact_email")


class PersonLegalForm(LegalForm):
    """The same of a person; what concerns a role that the person lacks is not asked."""

    tax_status = forms.ChoiceField(
        label="You and tax",
        choices=[("", "Not stated"), *TaxStatus.choices],
        required=False,
        help_text="It decides which tax your invoices carry. Without it they carry none.",
    )
    invoice_iban = forms.CharField(
        label="IBAN on your invoices",
        max_length=42,
        required=False,
        help_text="Printed for information; Tranche pays you through your wallet.",
    )
    contact_phone = forms.CharField(
        label="Phone on your invoices",
        max_length=30,
        required=False,
        help_text="For questions. German buyers get e-invoices only with phone and e-mail.",
    )
    contact_email = forms.CharField(
        label="E-mail on your invoices",
        max_length=150,
        required=False,
        help_text="Printed with your name and the phone number.",
    )
    buyer_kind = forms.ChoiceField(
        label="You buy",
        choices=[("", "Not stated"), *PartyKind.choices],
        required=False,
        help_text="Counts for gigs that you post without an organisation.",
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not user.is_freelancer:
            for name in OF_SELLERS:
                del self.fields[name]
        if not user.is_commissioner:
            del self.fields["buyer_kind"]


class OrganisationForm(LegalForm):
    """The organisation that a commissioner acts for."""

    prefix = "organisation"
    name = forms.CharField(max_length=200, help_text="As freelancers know it.")
    field_order = ["name"]


class TokenForm(forms.Form):
    """A new API token."""

    name = forms.CharField(max_length=80, help_text="Where it is used, such as “Bookkeeping”.")
    scopes = forms.MultipleChoiceField(
        label="What may it do?", choices=Scope.choices, widget=forms.CheckboxSelectMultiple
    )
    days = forms.TypedChoiceField(label="Valid for", choices=LIFETIMES, coerce=int, initial=30)

    def grant(self) -> services.TokenGrant:
        """The cleaned values as the service takes them."""
        values = self.cleaned_data
        return services.TokenGrant(
            name=values["name"],
            scopes=[Scope(scope) for scope in values["scopes"]],
            life=timedelta(days=values["days"]),
        )
