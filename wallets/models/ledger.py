"""The ledger's rows, to read. The tables are made by SQL; only the posting functions write them."""

from django.db import models
from django.db.models import CompositePrimaryKey

from wallets.enums import AccountKind, JournalKind


class Account(models.Model):
    """Whose money of which kind and currency. A row never changes.

    The owner is `user:<id>`, `milestone:<id>`, `provider:<name>` or `platform`.
    """

    owner = models.TextField()
    kind = models.TextField(choices=AccountKind.choices)
    currency = models.CharField(max_length=3)
    shards = models.SmallIntegerField()
    min_balance = models.BigIntegerField(null=True)
    max_balance = models.BigIntegerField(null=True)

    class Meta:
        managed = False
        db_table = "wallets_account"

    def __str__(self) -> str:
        return f"#{self.pk} {self.owner} {self.kind} {self.currency}"


class Balance(models.Model):
    """What an account has: one row, or one for each of 64 shards. The only money rows that change."""

    pk = CompositePrimaryKey("account_id", "shard")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="balances")
    shard = models.SmallIntegerField()
    posted = models.BigIntegerField()
    held = models.BigIntegerField()
    lifetime = models.BigIntegerField()
    seq = models.BigIntegerField()
    min_balance = models.BigIntegerField(null=True)
    max_balance = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3)
    head = models.BinaryField()

    class Meta:
        managed = False
        db_table = "wallets_balance"

    def __str__(self) -> str:
        return f"#{self.account_id}/{self.shard} {self.posted} {self.currency}"


class Journal(models.Model):
    """One movement of money; its entries add up to zero in each currency."""

    about_id = models.BigIntegerField()
    reverses = models.OneToOneField(
        "self", models.PROTECT, null=True, db_column="reverses", related_name="reversed_by"
    )
    posted_at = models.DateTimeField()
    kind = models.TextField(choices=JournalKind.choices)
    about_type = models.TextField()
    key = models.TextField(unique=True)

    class Meta:
        managed = False
        db_table = "wallets_journal"

    def __str__(self) -> str:
        return f"#{self.pk} {self.key}"


class Entry(models.Model):
    """One leg of a journal: what an account gained or lost, and what it had afterwards."""

    pk = CompositePrimaryKey("journal_id", "leg")
    journal = models.ForeignKey(Journal, on_delete=models.PROTECT, related_name="entries")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="entries")
    seq = models.BigIntegerField()
    amount = models.BigIntegerField()
    balance_after = models.BigIntegerField()
    leg = models.SmallIntegerField()
    shard = models.SmallIntegerField()
    currency = models.CharField(max_length=3)
    hash = models.BinaryField()

    class Meta:
        managed = False
        db_table = "wallets_entry"

    def __str__(self) -> str:
        return f"#{self.journal_id}/{self.leg} {self.amount} {self.currency}"
