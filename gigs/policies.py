"""Who may do what to gigs, applications, projects and milestones."""

from accounts.models import User
from accounts.policies import may_administer
from gigs.models import Application, Gig, Milestone, Project


def may_post(user: User) -> bool:
    return user.is_commissioner


def may_manage(user: User, gig: Gig) -> bool:
    return gig.commissioner_id == user.pk


def may_close(user: User, gig: Gig) -> bool:
    """Its owner, and staff who take an offer off the market."""
    return may_manage(user, gig) or may_administer(user)


def may_apply(user: User) -> bool:
    return user.is_freelancer


def may_withdraw(user: User, application: Application) -> bool:
    return application.freelancer_id == user.pk


def is_party(user: User, project: Project) -> bool:
    return user.pk in (project.commissioner_id, project.freelancer_id)


def may_deliver(user: User, milestone: Milestone) -> bool:
    return milestone.project.freelancer_id == user.pk


def may_fund(user: User, project: Project) -> bool:
    return project.commissioner_id == user.pk


def may_agree(user: User, project: Project) -> bool:
    return project.commissioner_id == user.pk


def may_review(user: User, milestone: Milestone) -> bool:
    return milestone.project.commissioner_id == user.pk
