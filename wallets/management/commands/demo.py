"""A lived-in platform to look around in: six people, gigs in each state, a year of invoices.

Everything goes through the services, as people would do it, at moments in the past. The ledger's
own times cannot be set by anybody: its entries bear the day on which the demo was loaded.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.postgres.functions import TransactionNow
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from djmoney.money import Money

from accounts.enums import Role
from accounts.models import User
from accounts.services import (
    freelancer_profile_update,
    legal_data_update,
    organisation_save,
    role_add,
    user_register,
)
from gigs.enums import InvoicingMethod, PaymentMode
from gigs.models import Gig, Milestone, Project
from gigs.services import (
    GigDraft,
    PlannedTask,
    application_submit,
    extra_agree,
    gig_close,
    gig_match,
    gig_post,
    milestone_approve,
    milestone_request_changes,
    milestone_start,
    milestone_submit,
)
from invoicing.enums import Unit
from invoicing.models import ManualLine
from invoicing.selectors import MANDATE_VERSION
from invoicing.services import (
    draft_create,
    invoice_issue_for,
    mandate_accept,
    upfronts_issue,
)
from outbox.enums import Outcome
from outbox.models import Job
from wallets.management.demo_story import (
    CLOSED,
    DOMAIN,
    DRAFT,
    EXTENDED,
    LEGAL,
    METHOD,
    MOVING,
    OPEN,
    PASSWORD,
    PEOPLE,
    PITCHES,
    WANTED,
    WORKS,
    Work,
)
from wallets.models import Withdrawal
from wallets.providers import ProviderUnreachable
from wallets.services import (
    BankDetails,
    MethodChoice,
    funding_begin,
    held_settle,
    payment_ask,
    payment_begin,
    payment_conclude,
    payment_method_add,
    payout_method_add,
    withdrawal_claim,
    withdrawal_conclude,
    withdrawal_request,
    withdrawal_send,
)


class Command(BaseCommand):
    """Loads the demo once; a second run only prints the logins."""

    help = "Load the demo data once and print its logins."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SANDBOX_PROVIDER:
            raise CommandError("The demo pays with the sandbox provider, which is switched off.")
        if not User.objects.filter(email=f"clara@{DOMAIN}").exists():
            with transaction.atomic():
                Demo(timezone.now()).load()
        self.stdout.write(f"  Commissioner  clara@{DOMAIN}   {PASSWORD}")
        self.stdout.write(f"  Freelancer    fred@{DOMAIN}    {PASSWORD}")
        self.stdout.write(f"  Staff         staff@{DOMAIN}   {PASSWORD}   (/admin/)")


class Demo:
    """What happens on the platform, in order."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.people: dict[str, User] = {}

    def load(self) -> None:
        year_ago = self.now - timedelta(days=365)
        self._people(year_ago)
        for work in WORKS:
            self._work(work)
        self._extra_work()
        self._open_gigs()
        self._withdrawals()
        asked_for = Job.objects.filter(created_at__gte=TransactionNow())
        clocks = Q(topic__startswith="review.", due_at__gt=Now())
        asked_for.exclude(clocks | Q(topic__in=["invoice.document", "withdrawal.resolve"])).update(
            done_at=Now(), outcome=Outcome.RESOLVED, outcome_note="Done while loading the demo."
        )

    def _people(self, at: datetime) -> None:
        for person in PEOPLE:
            user = user_register(
                email=f"{person.key}@{DOMAIN}",
                password=PASSWORD,
                name=person.name,
                role=person.role,
                at=at,
            )
            self.people[person.key] = user
            if person.role == Role.FREELANCER:
                freelancer_profile_update(
                    headline=person.headline,
                    about="",
                    skills=list(person.skills),
                    by=user,
                    at=at,
                )
        self.people["noor"] = role_add(role=Role.COMMISSIONER, by=self.people["noor"], at=at)
        self._belongings(at)
        User.objects.create_superuser(
            email=f"staff@{DOMAIN}", password=PASSWORD, name="Stella Staff"
        )
        EmailAddress.objects.filter(email__endswith=f"@{DOMAIN}").update(verified=True)

    def _belongings(self, at: datetime) -> None:
        for key, legal in LEGAL.items():
            self.people[key] = legal_data_update(changes=legal, by=self.people[key], at=at)
            if self.people[key].is_freelancer:
                mandate_accept(version=MANDATE_VERSION, by=self.people[key], at=at)
        organisation_save(
            changes={
                "name": "Museum of Everyday Things",
                "legal_name": "Museum of Everyday Things gGmbH",
                "street": "Linienstrasse 12",
                "postcode": "10178",
                "city": "Berlin",
                "country": "DE",
                "vat_id": "DE136695976",
            },
            by=self.people["clara"],
            at=at,
        )
        for key in ("clara", "daniel", "noor"):
            payment_method_add(
                provider="sandbox",
                token=METHOD,
                is_default=True,
                by=self.people[key],
                at=at,
            )

    def _gig(self, work: Work, *, at: datetime, is_draft: bool = False) -> Gig:
        gig, _ = gig_post(
            draft=GigDraft(
                title=work.title,
                description=(
                    f"{work.title}: {', '.join(work.parts).lower()}. We know what we need and"
                    " decide quickly; you work on your own and show what you have each week."
                ),
                category=work.category,
                skills=work.skills,
                budget=Money(Decimal(work.budget), work.currency),
                invoicing_method=(
                    InvoicingMethod.COMPLETION
                    if work.is_by_completion
                    else InvoicingMethod.MILESTONE
                ),
                payment_mode=PaymentMode.HELD if work.is_held else PaymentMode.ON_INVOICE,
                milestones=tuple(
                    PlannedTask(title=part, due_on=(at + timedelta(days=14 * n)).date())
                    for n, part in enumerate(work.parts, 1)
                ),
                is_draft=is_draft,
            ),
            by=self.people[work.commissioner],
            at=at,
        )
        return gig

    def _work(self, work: Work) -> None:
        at = self.now - timedelta(days=work.days_ago)
        gig = self._gig(work, at=at)
        freelancer = self.people[work.freelancer]
        application_submit(
            gig_id=gig.pk,
            pitch="I have done this before and have the time for it now.",
            links=["https://example.com/portfolio"],
            by=freelancer,
            at=at + timedelta(hours=5),
        )
        project = gig_match(
            gig_id=gig.pk,
            freelancer_id=freelancer.pk,
            by=gig.commissioner,
            at=at + timedelta(days=1),
        )
        for invoice_id in upfronts_issue(project_ids=[project.pk], at=at + timedelta(days=1)):
            self._pay(invoice_id, by=gig.commissioner, at=at + timedelta(days=2))
        for position, fate in enumerate(work.pattern, 1):
            milestone = Milestone.objects.get(project=project, position=position)
            self._milestone(project, milestone, fate, at=at + timedelta(days=7 * position))

    def _extra_work(self) -> None:
        """Agreed by Clara, drafted by Fred."""
        at = self.now - timedelta(days=3)
        project = Project.objects.get(title=EXTENDED)
        extra = Money(Decimal("600.00"), project.budget.currency)
        extra_agree(
            project_id=project.pk, amount=extra, reason=MOVING, by=project.commissioner, at=at
        )
        lines = [ManualLine(MOVING, Decimal("6.50"), Unit.HOUR, 80_00)]
        draft_create(
            project_id=project.pk,
            lines=lines,
            by=project.freelancer,
            at=at + timedelta(days=1),
        )

    def _milestone(
        self, project: Project, milestone: Milestone, fate: str, *, at: datetime
    ) -> None:
        if fate == "-":
            return
        is_held = project.payment_mode == PaymentMode.HELD
        if is_held:
            self._fund(milestone, by=project.commissioner, at=at - timedelta(days=2))
        if fate == "f":
            return
        milestone_start(milestone_id=milestone.pk, by=project.freelancer, at=at)
        if fate == "w":
            return
        milestone_submit(
            milestone_id=milestone.pk,
            message=f"{milestone.title} is ready for your review.",
            links=["https://example.com/preview"],
            by=project.freelancer,
            at=at + timedelta(hours=6),
        )
        buyer = project.commissioner
        if fate == "c":
            comment = "Nearly there: please make the weight easier to read."
            milestone_request_changes(
                milestone_id=milestone.pk, comment=comment, by=buyer, at=at + timedelta(days=1)
            )
        if fate in "pi":
            approved_at = at + timedelta(days=1)
            milestone_approve(milestone_id=milestone.pk, by=buyer, at=approved_at)
            invoice_id, _ = invoice_issue_for(
                milestone_id=milestone.pk, by=project.freelancer, at=approved_at
            )
            if is_held:
                held_settle(invoice_ids=[invoice_id], at=approved_at)
            elif fate == "p":
                self._pay(invoice_id, by=buyer, at=approved_at + timedelta(days=2))

    def _fund(self, milestone: Milestone, *, by: User, at: datetime) -> None:
        method = by.payment_methods.get()
        payment = funding_begin(
            project_id=milestone.project_id,
            milestone_ids=[milestone.pk],
            method=MethodChoice(provider=method.provider, token=method.token, stored=method),
            by=by,
            at=at,
        )
        payment_conclude(payment_id=payment.pk, answer=payment_ask(payment), at=at)

    def _pay(self, invoice_id: int, *, by: User, at: datetime) -> None:
        method = by.payment_methods.get()
        payment = payment_begin(
            invoice_id=invoice_id,
            method=MethodChoice(provider=method.provider, token=method.token, stored=method),
            by=by,
            at=at,
        )
        payment_conclude(payment_id=payment.pk, answer=payment_ask(payment), at=at)

    def _withdrawals(self) -> None:
        """One that was paid a month ago, and one that waits for staff."""
        fred, at = self.people["fred"], self.now - timedelta(days=30)
        account = BankDetails(holder=fred.name, iban="DE89370400440532013000")
        method = payout_method_add(details=account, by=fred, at=at)
        for amount, days in (("4250.00", 30), ("7500.00", 1)):
            at = self.now - timedelta(days=days)
            asked = withdrawal_request(
                method_id=method.pk, amount=Money(Decimal(amount), "USD"), by=fred, at=at
            )
            claimed = withdrawal_claim(withdrawal_id=asked.pk, at=at)
            if claimed is not None:
                self._send(claimed, at=at)

    def _send(self, claimed: Withdrawal, *, at: datetime) -> None:
        """Where no provider is there yet, the withdrawal's job asks it later."""
        with suppress(ProviderUnreachable):
            answer = withdrawal_send(claimed)
            withdrawal_conclude(withdrawal_id=claimed.pk, answer=answer, at=at)

    def _open_gigs(self) -> None:
        at = self.now - timedelta(days=WANTED.days_ago)
        gig = self._gig(WANTED, at=at)
        for key, pitch in PITCHES:
            application_submit(
                gig_id=gig.pk,
                pitch=pitch,
                links=["https://example.com/samples"],
                by=self.people[key],
                at=at + timedelta(hours=9),
            )
        for work in OPEN:
            self._gig(work, at=self.now - timedelta(days=work.days_ago))
        self._gig(DRAFT, at=self.now, is_draft=True)
        at = self.now - timedelta(days=CLOSED.days_ago)
        gig = self._gig(CLOSED, at=at)
        gig_close(gig_id=gig.pk, by=gig.commissioner, at=at + timedelta(days=10))
