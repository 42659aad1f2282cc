"""What the lists of gigs, applications, projects and milestones can be filtered by."""

from common.api.fields import LineField, OptionField, PublicIdFilter
from common.api.query import ListQuery
from gigs.enums import ApplicationStatus, Category, GigStatus, MilestoneStatus, ProjectStatus


class GigQuery(ListQuery):
    status = OptionField(GigStatus.choices, required=False)
    category = OptionField(Category.choices, required=False)
    skill = LineField(max_length=40, required=False)
    commissioner_id = PublicIdFilter("usr", required=False)


class ApplicationQuery(ListQuery):
    status = OptionField(ApplicationStatus.choices, required=False)
    gig_id = PublicIdFilter("gig", required=False)


class GigApplicationQuery(ListQuery):
    status = OptionField(ApplicationStatus.choices, required=False)


class ProjectQuery(ListQuery):
    orderings = {"started_at": "started_at"}
    default_ordering = "-started_at"

    status = OptionField(ProjectStatus.choices, required=False)
    gig_id = PublicIdFilter("gig", required=False)


class MilestoneQuery(ListQuery):
    orderings = {"position": "position"}
    default_ordering = "position"

    status = OptionField(MilestoneStatus.choices, required=False)
    project_id = PublicIdFilter("prj", required=False)
