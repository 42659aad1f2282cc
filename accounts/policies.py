"""Who may do what: pure predicates, and `require` to refuse."""

from accounts.models import User
from common.exceptions import PermissionRefused


def require(allowed: bool, message: str = "") -> None:  # noqa: FBT001 - the verdict of a predicate
    """PermissionRefused with that message unless allowed."""
    if not allowed:
        raise PermissionRefused(message)


def may_act_for_organisation(user: User) -> bool:
    """Commissioners can buy in the name of an organisation."""
    return user.is_commissioner


def may_administer(user: User) -> bool:
    """Staff who are still with us look after other people's accounts and money."""
    return user.is_active and user.is_staff
