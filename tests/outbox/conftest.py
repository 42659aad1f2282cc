import pytest

from outbox import registry


@pytest.fixture
def topic(monkeypatch):
    """Register a handler for a topic of the test; gone afterwards."""
    monkeypatch.setattr(registry, "_routes", dict(registry._routes))

    def make(handler, *, name="test.topic", **route):
        registry.register(name, handler, **route)
        return name

    return make
