"""Gigs and applications, and the projects that a match makes of them."""

from gigs.models.amendments import Amendment
from gigs.models.extras import Extra
from gigs.models.offers import Application, Gig, PlannedMilestone
from gigs.models.projects import FeePolicy, Milestone, Project, Submission
from gigs.models.refunds import RefundRequest

__all__ = [
    "Amendment",
    "Application",
    "Extra",
    "FeePolicy",
    "Gig",
    "Milestone",
    "PlannedMilestone",
    "Project",
    "RefundRequest",
    "Submission",
]
