from typing import Any

from django.db import models
from djmoney.money import Money

class MoneyField(models.DecimalField[Money, Money]):
    def __init__(
        self,
        verbose_name: str | None = ...,
        *,
        max_digits: int,
        decimal_places: int,
        default_currency: str | None = ...,
        currency_field_name: str | None = ...,
        **kwargs: Any,
    ) -> None: ...
