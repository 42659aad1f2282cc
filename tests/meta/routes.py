"""Every address that the project answers, and how tests call it."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.http import HttpResponse
from django.test import Client
from django.urls import URLResolver, get_resolver
from rest_framework.test import APIClient

from accounts.models import User
from tests.meta.world import World

METHODS = {
    "web": ("GET", "POST"),
    "admin": ("GET", "POST"),
    "api": ("GET", "POST", "PUT", "PATCH", "DELETE"),
}
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
STAFF_OBJECT = re.compile(r"admin/(\w+)/(\w+)/(<\w+:\w+>)")
NAMES_OBJECT = re.compile(r"<([a-z]{2,3})_id:\w+>")
EXAMPLES = {
    "<slug:currency>": "USD",
    "<int:line>": "1",
    "<path:content_type_id>/<path:object_id>": "1/1",
    r"^confirm-email/(?P<key>[-:\w]+)/$": "confirm-email/MQ:1abcde:key/",
    r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": "password/reset/key/1-key/",
    "^(?P<app_label>accounts|gigs|invoicing|wallets|outbox)/$": "gigs/",
    "(?P<url>.*)$": "nowhere",
}
"""What stands in an address for a part that is not the identifier of one of our objects."""


@dataclass(frozen=True)
class Address:
    """One address of a route; `public_id` is the object that it names, if it names one."""

    route: str
    path: str
    public_id: str = ""

    @property
    def door(self) -> str:
        return next((door for door in ("api", "admin") if self.route.startswith(f"{door}/")), "web")

    @property
    def methods(self) -> tuple[str, ...]:
        return METHODS[self.door]


class Caller:
    """Somebody, or nobody, in a browser and as a program."""

    def __init__(self, user: User | None) -> None:
        self.browser, self.program = Client(), APIClient()
        if user is not None:
            self.browser.force_login(user, backend=BACKEND)
            self.program.force_authenticate(user)

    def call(self, method: str, address: Address, body: dict[str, Any]) -> HttpResponse:
        if address.door != "api":
            return getattr(self.browser, method.lower())(address.path)
        if method == "GET":
            return self.program.get(address.path)
        return self.program.generic(
            method, address.path, json.dumps(body), content_type="application/json"
        )


def routes() -> list[str]:
    """The pattern of every route, as the resolver nests them."""
    return list(_walk(get_resolver(), ""))


def _walk(resolver: URLResolver, before: str) -> Iterator[str]:
    for entry in resolver.url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _walk(entry, route)
        else:
            yield route


def addresses(route: str, world: World) -> list[Address]:
    """The route with each object of the world that fits, or its one address."""
    named = NAMES_OBJECT.search(route)
    if named is None:
        return [Address(route, _filled(route))]
    found = [*world.ids[named[1]], *([world.open_gig] if named[1] == "gig" else [])]
    return [Address(route, _filled(NAMES_OBJECT.sub(text, route)), text) for text in found]


def _filled(route: str) -> str:
    """The path; in the staff door with the first row of the model that the route is about."""
    if shown := STAFF_OBJECT.match(route):
        rows = apps.get_model(shown[1], shown[2])._default_manager.order_by("pk")
        route = route.replace(shown[3], str(rows.values_list("pk", flat=True).first() or 1))
    for pattern, example in EXAMPLES.items():
        route = route.replace(pattern, example)
    assert not set("<>^$()?*") & set(route), f"say in EXAMPLES what stands in {route}"
    return f"/{route}"
