"""What a browser gets when something breaks: a page that needs no database and no session.

No test here may ask the database, so that a page which did would break itself.
"""

import re

import pytest
from django.contrib.staticfiles import finders
from django.http import HttpResponse
from django.test import Client
from django.urls import path

from config import urls

handler404 = urls.handler404
handler500 = urls.handler500


def breaks(request):
    raise ZeroDivisionError


urlpatterns = [
    path("", HttpResponse, name="home"),
    path("breaks/", breaks),
    path("api/v1/breaks/", breaks),
]


@pytest.fixture
def browser(settings):
    """One whose cookie names a session that nobody can look up."""
    settings.ROOT_URLCONF = __name__
    client = Client(raise_request_exception=False)
    client.cookies[settings.SESSION_COOKIE_NAME] = "a" * 32
    return client


def test_a_view_that_raises_is_a_page_that_names_the_request(browser):
    answer = browser.get("/breaks/", headers={"X-Request-ID": "broken-view-1"})

    page = answer.content.decode()
    assert (answer.status_code, answer["Content-Type"]) == (500, "text/html; charset=utf-8")
    assert answer["X-Request-ID"] == "broken-view-1"
    assert "<h1>Something broke on our side</h1>" in page
    assert "<code>broken-view-1</code>" in page
    assert "ZeroDivisionError" not in page
    assert answer.cookies == {}


def test_the_page_is_styled(browser):
    page = browser.get("/breaks/").content.decode()

    files = re.findall(r'(?:href|src)="/static/([^"]+)"', page)
    assert files == [
        "img/favicon.svg",
        "vendor/tabler/tabler.min.css",
        "css/tranche.css",
        "css/public.css",
        "js/theme.js",
    ]
    assert all(finders.find(file) for file in files)


def test_a_program_gets_the_same_request_in_json(browser):
    answer = browser.get("/api/v1/breaks/", headers={"X-Request-ID": "broken-view-2"})

    assert answer.status_code == 500
    assert (answer.json()["code"], answer.json()["request_id"]) == (
        "internal_error",
        "broken-view-2",
    )
