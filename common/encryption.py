"""Text that is encrypted at rest, such as bank details.

The first of the keys in settings seals; each of them opens, so that a key is changed by putting a
new one in front.
"""

from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class SealBroken(Exception):
    """None of the keys opens this text: a key is missing, or somebody changed the row."""


def seal(text: str) -> str:
    """The text as only a holder of the keys can read it."""
    return _keys(tuple(settings.ENCRYPTION_KEYS)).encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """The text behind `seal`. SealBroken when no key opens it."""
    try:
        return _keys(tuple(settings.ENCRYPTION_KEYS)).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise SealBroken from error


def is_key(text: str) -> bool:
    """Whether the text can be a key: 32 random bytes in URL-safe base64."""
    try:
        Fernet(text)
    except ValueError:
        return False
    return True


@cache
def _keys(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])
