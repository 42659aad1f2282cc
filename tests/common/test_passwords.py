from common.passwords import PasswordHasher


def test_hashes_are_argon2id_with_19_mib_and_two_passes():
    hasher = PasswordHasher()
    encoded = hasher.encode("correct horse battery", hasher.salt())

    assert encoded.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert hasher.verify("correct horse battery", encoded)
    assert not hasher.verify("wrong horse battery", encoded)
    assert not hasher.must_update(encoded)
