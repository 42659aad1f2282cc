"""What is sealed reads as nothing, opens with each key, and never after it was changed."""

import pytest
from cryptography.fernet import Fernet

from common.encryption import SealBroken, is_key, seal, unseal

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def test_a_sealed_text_shows_nothing_and_opens_again(settings):
    settings.ENCRYPTION_KEYS = [NEW]

    sealed = seal("DE89 3704 0044 0532 0130 00")

    assert "3704" not in sealed
    assert sealed != seal("DE89 3704 0044 0532 0130 00")
    assert unseal(sealed) == "DE89 3704 0044 0532 0130 00"


def test_a_new_key_seals_while_the_old_one_still_opens(settings):
    settings.ENCRYPTION_KEYS = [OLD]
    before = seal("before")
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    after = seal("after")

    assert (unseal(before), unseal(after)) == ("before", "after")
    settings.ENCRYPTION_KEYS = [NEW]
    assert unseal(after) == "after"
    with pytest.raises(SealBroken):
        unseal(before)


def test_a_text_that_was_changed_does_not_open(settings):
    settings.ENCRYPTION_KEYS = [NEW]
    sealed = seal("account")

    with pytest.raises(SealBroken):
        unseal(sealed[:-3] + ("AAA" if sealed[-3:] != "AAA" else "BBB"))


@pytest.mark.parametrize(
    ("text", "good"),
    [(OLD, True), ("", False), ("short", False), ("é" * 44, False)],
    ids=["key", "empty", "short", "letters"],
)
def test_a_key_is_32_bytes_in_base64(text, good):
    assert is_key(text) is good
