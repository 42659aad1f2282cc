"""How passwords are hashed."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class PasswordHasher(Argon2PasswordHasher):
    """Argon2id with 19 MiB and two passes, the first choice of OWASP's password storage sheet.

    Django's default of 100 MiB a hash lets a burst of sign-ins eat the memory of a small machine.
    """

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1
