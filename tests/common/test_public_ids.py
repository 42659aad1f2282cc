"""Identifiers have one spelling, in addresses and in queries."""

from uuid import UUID

import pytest
from django.apps import apps
from django.urls import Resolver404, path, resolve, reverse

from common import public_ids
from common.models import PublicIdModel
from gigs.models import Gig
from invoicing.models import InvoiceDraft
from tests.builders import open_gig

UUID_7 = UUID("0f8fad5b-d9cb-469f-a165-70867728950e")
HEX = UUID_7.hex
SPELLINGS = [
    f"GIG_{HEX}",
    f"Gig_{HEX}",
    f"gig_{HEX.upper()}",
    f"gig_{UUID_7}",
    f"gig-{HEX}",
    f"gig{HEX}",
    f"prj_{HEX}",
    f"_{HEX}",
    HEX,
    f"gig_{HEX[:-1]}",
    f"gig_{HEX}0",
    f"gig_{HEX} ",
    f" gig_{HEX}",
    f"gig_{HEX}\n",
    f"gig_{HEX}\x00",
    f"gig_{{{UUID_7}}}",
    "gig_" + "\uff10" * 32,
    "gig_" + "g" * 32,
    "gig_",
    "",
    "1",
]

urlpatterns = [
    path(f"{prefix}/<{prefix}_id:row>/", lambda request, row: None, name=prefix)
    for prefix in public_ids.PREFIXES
]


def test_the_one_spelling():
    assert public_ids.format_public_id("gig", UUID_7) == f"gig_{HEX}"
    assert public_ids.parse_public_id("gig", f"gig_{HEX}") == UUID_7


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_other_spelling_is_read(spelling):
    assert public_ids.parse_public_id("gig", spelling) is None


@pytest.mark.parametrize("prefix", public_ids.PREFIXES)
def test_an_address_takes_the_one_spelling_and_hands_it_on(prefix):
    public_id = f"{prefix}_{HEX}"

    address = reverse(prefix, urlconf=__name__, args=[public_id])
    match = resolve(address, urlconf=__name__)

    assert address == f"/{prefix}/{public_id}/"
    assert match.kwargs == {"row": public_id}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_an_address_of_another_spelling_leads_nowhere(spelling):
    with pytest.raises(Resolver404):
        resolve(f"/gig/{spelling}/", urlconf=__name__)


def test_every_kind_of_row_has_a_prefix_of_its_own():
    """But for drafts, which are invoices without a number under an address of their own."""
    prefixes = [
        model.PREFIX
        for model in apps.get_models()
        if issubclass(model, PublicIdModel) and model is not InvoiceDraft
    ]

    assert len(prefixes) == len(set(prefixes))
    assert set(prefixes) <= set(public_ids.PREFIXES)


@pytest.mark.django_db
def test_a_row_is_found_by_its_public_id():
    gig = open_gig()

    assert gig.public_id == f"gig_{gig.uuid.hex}"
    assert Gig.objects.by_public_id(gig.public_id) == gig


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.upper(),
        lambda text: text.removeprefix("gig_"),
        lambda text: f"prj_{text.removeprefix('gig_')}",
        lambda text: text + "\n",
        lambda text: f"gig_{HEX}",
    ],
)
def test_a_row_is_found_by_no_other_text(change):
    gig = open_gig()

    with pytest.raises(Gig.DoesNotExist):
        Gig.objects.by_public_id(change(gig.public_id))
