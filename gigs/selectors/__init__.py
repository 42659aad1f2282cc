"""Reads of gigs and projects: one for each screen or endpoint."""

from gigs.selectors.fees import Split, SplitRow, fee_rate_at, split_with_fees
from gigs.selectors.offers import (
    Candidate,
    GigFilters,
    application_pages,
    applications_of,
    applications_to,
    candidate,
    candidates,
    gig_pages,
    gigs_of,
    gigs_open,
    latest_application,
)
from gigs.selectors.projects import (
    NextStep,
    ProjectView,
    can_submit,
    milestone_pages,
    next_step,
    project_pages,
    project_view,
    projects_of,
    projects_with_figures,
)
from gigs.selectors.todo import (
    CommissionerTodo,
    FreelancerTodo,
    todo_commissioner,
    todo_freelancer,
)

__all__ = [
    "Candidate",
    "CommissionerTodo",
    "FreelancerTodo",
    "GigFilters",
    "NextStep",
    "ProjectView",
    "Split",
    "SplitRow",
    "application_pages",
    "applications_of",
    "applications_to",
    "can_submit",
    "candidate",
    "candidates",
    "fee_rate_at",
    "gig_pages",
    "gigs_of",
    "gigs_open",
    "latest_application",
    "milestone_pages",
    "next_step",
    "project_pages",
    "project_view",
    "projects_of",
    "projects_with_figures",
    "split_with_fees",
    "todo_commissioner",
    "todo_freelancer",
]
