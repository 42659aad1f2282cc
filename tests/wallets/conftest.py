"""A project and its first invoice, which is sent."""

import pytest

from tests.builders import active_project, sent_invoice


@pytest.fixture
def project(commissioner, freelancer):
    return active_project(commissioner=commissioner, freelancer=freelancer)


@pytest.fixture
def invoice(project):
    return sent_invoice(project)


@pytest.fixture
def automatic(commissioner, freelancer):
    """A sent invoice of a project that pays automatically."""
    project = active_project(commissioner=commissioner, freelancer=freelancer, is_auto_pay=True)
    return sent_invoice(project)
