"""Rows name themselves, without asking the database."""

import pytest
from django.apps import apps

from tests.meta.world import build
from tests.rules import DOMAIN

pytestmark = pytest.mark.django_db
IN_WORDS = {"accounts.User", "accounts.RateWindow", "outbox.Heartbeat", "wallets.Currency"}


def test_every_row_has_a_name_that_takes_no_query(django_assert_num_queries):
    build()
    models = [model for app in DOMAIN for model in apps.get_app_config(app).get_models()]
    rows = [row for model in models for row in model._default_manager.all()[:2]]

    with django_assert_num_queries(0):
        names = {row: str(row) for row in rows}

    assert len({type(row) for row in rows}) > 20
    unnamed = {
        row._meta.label: name
        for row, name in names.items()
        if row._meta.label not in IN_WORDS and not name.startswith("#")
    }
    assert unnamed == {}
