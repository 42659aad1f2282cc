"""Rows that are valid by default."""

from datetime import UTC, datetime
from decimal import Decimal

import factory
from djmoney.money import Money

from accounts.enums import Role
from accounts.models import CommissionerProfile, FreelancerProfile, Organisation, User
from gigs.enums import Category
from gigs.services import GigDraft, PlannedTask

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"


class UserFactory(factory.django.DjangoModelFactory[User]):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.com")
    name = factory.Faker("name")
    legal_name = factory.SelfAttribute("name")
    roles = factory.LazyFunction(list)
    joined_at = AT
    password = factory.django.Password(PASSWORD)


class FreelancerFactory(UserFactory):
    roles = factory.LazyFunction(lambda: [Role.FREELANCER])

    @factory.post_generation
    def profile(self, create, extracted, **kwargs):
        if create:
            FreelancerProfile.objects.create(user=self, headline="Django developer")


class CommissionerFactory(UserFactory):
    roles = factory.LazyFunction(lambda: [Role.COMMISSIONER])

    @factory.post_generation
    def profile(self, create, extracted, **kwargs):
        if create:
            CommissionerProfile.objects.create(user=self)


class OrganisationFactory(factory.django.DjangoModelFactory[Organisation]):
    class Meta:
        model = Organisation

    owner = factory.SubFactory(CommissionerFactory)
    name = "Museum of Slices"
    legal_name = "Museum of Slices Ltd"
    created_at = AT


def gig_draft(*, budget: str = "10000.00", currency: str = "USD", tasks: int = 3, **changes):
    """A valid draft with equal shares of the budget."""
    values = {
        "title": "Museum web site",
        "description": "A web site for a museum.",
        "category": Category.DEVELOPMENT,
        "skills": ("django", "css"),
        "budget": Money(Decimal(budget), currency),
        "milestones": tuple(PlannedTask(title=f"Part {n}") for n in range(1, tasks + 1)),
    }
    return GigDraft(**{**values, **changes})
