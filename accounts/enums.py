"""Roles and scopes."""

from django.db import models


class Role(models.TextChoices):
    """What a user is on the platform; one person can be both."""

    FREELANCER = "freelancer", "Freelancer"
    COMMISSIONER = "commissioner", "Commissioner"


class Scope(models.TextChoices):
    """What an API token may do."""

    GIGS_READ = "gigs:read", "Read gigs, applications, projects and milestones"
    GIGS_WRITE = "gigs:write", "Post, apply, match, submit, approve"
    MONEY_READ = "money:read", "Read invoices, payments and the wallet"
    MONEY_WRITE = "money:write", "Pay invoices, manage payment methods"


class KeyState(models.TextChoices):
    """An idempotency key while its request runs, and once its answer is kept."""

    STARTED = "started"
    ANSWERED = "answered"
