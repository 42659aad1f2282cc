from django.urls import path

from gigs.api import extras, offers, parts, work

urlpatterns = [
    path("gigs/", offers.GigsView.as_view()),
    path("gigs/<gig_id:gig_id>/", offers.GigView.as_view()),
    path("gigs/<gig_id:gig_id>/post/", offers.GigOpenView.as_view()),
    path("gigs/<gig_id:gig_id>/close/", offers.GigCloseView.as_view()),
    path("gigs/<gig_id:gig_id>/match/", offers.GigMatchView.as_view()),
    path("gigs/<gig_id:gig_id>/applications/", offers.GigApplicationsView.as_view()),
    path("applications/", offers.ApplicationsView.as_view()),
    path("applications/<app_id:application_id>/", offers.ApplicationView.as_view()),
    path(
        "applications/<app_id:application_id>/withdraw/", offers.ApplicationWithdrawView.as_view()
    ),
    path("applications/<app_id:application_id>/reject/", offers.ApplicationRejectView.as_view()),
    path("projects/", work.ProjectsView.as_view()),
    path("projects/<prj_id:project_id>/", work.ProjectView.as_view()),
    path("projects/<prj_id:project_id>/extra/", extras.ProjectExtraView.as_view()),
    path("milestones/", work.MilestonesView.as_view()),
    path("milestones/<mst_id:milestone_id>/", work.MilestoneView.as_view()),
    path("milestones/<mst_id:milestone_id>/start/", work.MilestoneStartView.as_view()),
    path("milestones/<mst_id:milestone_id>/submit/", work.MilestoneSubmitView.as_view()),
    path("milestones/<mst_id:milestone_id>/approve/", work.MilestoneApproveView.as_view()),
    path(
        "milestones/<mst_id:milestone_id>/approve-part/",
        parts.MilestoneApprovePartView.as_view(),
    ),
    path(
        "milestones/<mst_id:milestone_id>/extend-review/",
        work.MilestoneExtendReviewView.as_view(),
    ),
    path(
        "milestones/<mst_id:milestone_id>/request-changes/",
        work.MilestoneRequestChangesView.as_view(),
    ),
]
