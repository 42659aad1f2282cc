"""Users, their profiles and the organisations that they act for."""

from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.enums import PartyKind, Role, TaxStatus
from common.currencies import EXPONENTS
from common.models import LockableQuerySet, PublicIdModel

CURRENCY_CHOICES = [(code, code) for code in EXPONENTS]


class UserManager(BaseUserManager["User"].from_queryset(LockableQuerySet)):  # type: ignore[misc]
    """Finds users by e-mail address regardless of case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        user: User = self.get(email__iexact=username)
        return user

    def create_user(self, *, email: str, password: str | None, name: str) -> "User":
        """A user without roles; services and management commands give them."""
        user: User = self.model(email=self.normalize_email(email).lower(), name=name)
        user.legal_name = name
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, *, email: str, password: str, name: str = "Operator") -> "User":
        user = self.create_user(email=email, password=password, name=name)
        user.is_staff = user.is_superuser = True
        user.save(using=self._db, update_fields=["is_staff", "is_superuser"])
        return user


class LegalParty(models.Model):
    """Name, address and registrations of somebody who stands on an invoice.

    Everything may be empty; what is there has been checked by `common.party_numbers`.
    """

    legal_name = models.CharField(max_length=200, blank=True)
    street = models.CharField(max_length=200, blank=True)
    postcode = models.CharField(max_length=20, blank=True)
    city = models.CharField(max_length=100, blank=True)
    region = models.CharField(max_length=100, blank=True)
    country = models.CharField("country code", max_length=2, blank=True)
    vat_id = models.CharField("VAT or GST number", max_length=20, blank=True)
    tax_number = models.CharField(max_length=40, blank=True)
    register_number = models.CharField(max_length=40, blank=True)
    register_scheme = models.CharField(max_length=4, blank=True)
    electronic_address = models.CharField(max_length=150, blank=True)
    electronic_address_scheme = models.CharField(max_length=4, blank=True)

    class Meta:
        abstract = True


def legal_party_constraints(model: str) -> list[models.CheckConstraint]:
    """What the database keeps of each table of legal parties."""
    return [
        models.CheckConstraint(
            condition=Q(country__regex=r"^([A-Z]{2})?$"),
            name=f"accounts_{model}_country_is_a_code",
        ),
        models.CheckConstraint(
            condition=Q(vat_id="") | ~Q(country=""), name=f"accounts_{model}_vat_id_has_country"
        ),
        models.CheckConstraint(
            condition=Q(register_scheme="") | ~Q(register_number=""),
            name=f"accounts_{model}_register_scheme_has_number",
        ),
        models.CheckConstraint(
            condition=Q(electronic_address="", electronic_address_scheme="")
            | (~Q(electronic_address="") & ~Q(electronic_address_scheme="")),
            name=f"accounts_{model}_electronic_address_has_scheme",
        ),
    ]


class User(PublicIdModel, LegalParty, AbstractBaseUser, PermissionsMixin):
    """A person who signs in with an e-mail address."""

    PREFIX = "usr"
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=120)
    roles = ArrayField(models.CharField(max_length=20, choices=Role.choices), default=list)
    currency = models.CharField(max_length=3, choices=CURRENCY_CHOICES, default="USD")
    tax_status = models.CharField(max_length=20, choices=TaxStatus.choices, blank=True)
    buyer_kind = models.CharField(max_length=10, choices=PartyKind.choices, blank=True)
    invoice_iban = models.CharField("IBAN on invoices", max_length=34, blank=True)
    contact_phone = models.CharField("phone number on invoices", max_length=30, blank=True)
    contact_email = models.CharField("e-mail address on invoices", max_length=150, blank=True)
    logo_digest = models.CharField("SHA-256 of the logo on invoices", max_length=64, blank=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        constraints = [
            *legal_party_constraints("user"),
            models.CheckConstraint(
                condition=Q(tax_status__in=["", *TaxStatus.values]),
                name="accounts_user_tax_status_valid",
            ),
            models.CheckConstraint(
                condition=Q(buyer_kind__in=["", *PartyKind.values]),
                name="accounts_user_buyer_kind_valid",
            ),
            models.CheckConstraint(
                condition=Q(email=Lower(F("email"))), name="accounts_user_email_lower_case"
            ),
            models.CheckConstraint(
                condition=Q(roles__contained_by=Role.values), name="accounts_user_roles_valid"
            ),
            models.CheckConstraint(
                condition=Q(currency__in=list(EXPONENTS)), name="accounts_user_currency_listed"
            ),
            models.CheckConstraint(
                condition=~Q(name__regex=r"^\s*$"), name="accounts_user_name_not_blank"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ")[0]

    @property
    def is_freelancer(self) -> bool:
        return Role.FREELANCER in self.roles

    @property
    def is_commissioner(self) -> bool:
        return Role.COMMISSIONER in self.roles


class Logo(models.Model):
    """A logo that somebody, or their organisation, has or had on invoices.

    Kept for ever, known by its SHA-256.
    """

    user = models.ForeignKey(
        User,
        verbose_name="whose; nobody's is the platform's",
        on_delete=models.PROTECT,
        null=True,
        related_name="logos",
    )
    content = models.BinaryField("PNG")
    digest = models.CharField("SHA-256", max_length=64)
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()
    uploaded_at = models.DateTimeField()

    objects: ClassVar[LockableQuerySet["Logo"]] = LockableQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "digest"], nulls_distinct=False, name="accounts_logo_kept_once"
            ),
            models.CheckConstraint(
                condition=Q(digest__regex=r"^[0-9a-f]{64}$"), name="accounts_logo_digest_valid"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.width} x {self.height}"


class FreelancerProfile(models.Model):
    """What commissioners see of a freelancer."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="freelancer_profile")
    headline = models.CharField(max_length=120, blank=True)
    about = models.TextField(max_length=5000, blank=True)
    skills = ArrayField(models.CharField(max_length=40), default=list, blank=True)

    def __str__(self) -> str:
        return f"#{self.pk} freelancer {self.user_id}"


class CommissionerProfile(models.Model):
    """What freelancers see of a commissioner."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="commissioner_profile")
    about = models.TextField(max_length=5000, blank=True)
    website = models.URLField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"#{self.pk} commissioner {self.user_id}"


class Organisation(PublicIdModel, LegalParty):
    """The legal buyer that a commissioner acts for."""

    PREFIX = "org"

    owner = models.OneToOneField(User, on_delete=models.PROTECT, related_name="organisation")
    name = models.CharField(max_length=200)
    logo_digest = models.CharField(
        "SHA-256 of the logo on invoices that it writes", max_length=64, blank=True
    )
    created_at = models.DateTimeField()

    objects: ClassVar[LockableQuerySet["Organisation"]] = LockableQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            *legal_party_constraints("organisation"),
            models.CheckConstraint(
                condition=~Q(name__regex=r"^\s*$"), name="accounts_organisation_name_not_blank"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.name}"
