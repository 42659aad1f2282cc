"""URLs of gigs and projects; config includes them at the root."""

from django.urls import include, path

from gigs.views import applications, extras, gigs, parts, posting, projects

gig_patterns = [
    path("gigs/", gigs.gig_list, name="list"),
    path("gigs/mine/", gigs.gig_mine, name="mine"),
    path("gigs/applications/", applications.application_list, name="applications"),
    path("gigs/post/", posting.about, name="post"),
    path("gigs/post/plan/", posting.plan, name="post-plan"),
    path("gigs/post/split/", posting.split, name="post-split"),
    path("gigs/post/review/", posting.review, name="post-review"),
    path("gigs/post/discard/", posting.discard, name="post-discard"),
    path("gigs/<gig_id:gig_id>/", gigs.gig_detail, name="detail"),
    path("gigs/<gig_id:gig_id>/edit/", posting.edit, name="edit"),
    path("gigs/<gig_id:gig_id>/open/", gigs.gig_open, name="open"),
    path("gigs/<gig_id:gig_id>/close/", gigs.gig_close, name="close"),
    path("gigs/<gig_id:gig_id>/apply/", applications.apply, name="apply"),
    path("gigs/<gig_id:gig_id>/candidates/", applications.candidates, name="candidates"),
    path("gigs/<gig_id:gig_id>/match/", applications.match, name="match"),
    path(
        "applications/<app_id:app_id>/withdraw/",
        applications.application_withdraw,
        name="application-withdraw",
    ),
    path(
        "applications/<app_id:app_id>/reject/",
        applications.application_reject,
        name="application-reject",
    ),
]
project_patterns = [
    path("projects/", projects.project_list, name="list"),
    path("projects/<prj_id:project_id>/", projects.project_detail, name="detail"),
    path("projects/<prj_id:project_id>/extra/", extras.project_extra, name="extra"),
]
milestone_patterns = [
    path("<mst_id:milestone_id>/start/", projects.milestone_start, name="start"),
    path("<mst_id:milestone_id>/submit/", projects.milestone_submit, name="submit"),
    path("<mst_id:milestone_id>/review/", projects.milestone_review, name="review"),
    path("<mst_id:milestone_id>/approve/", projects.milestone_approve, name="approve"),
    path(
        "<mst_id:milestone_id>/approve-part/",
        parts.milestone_approve_part,
        name="approve-part",
    ),
    path(
        "<mst_id:milestone_id>/extend-review/",
        projects.milestone_extend_review,
        name="extend-review",
    ),
    path(
        "<mst_id:milestone_id>/request-changes/",
        projects.milestone_request_changes,
        name="request-changes",
    ),
]

urlpatterns = [
    path("", include((gig_patterns, "gigs"))),
    path("", include((project_patterns, "projects"))),
    path("milestones/", include((milestone_patterns, "milestones"))),
]
