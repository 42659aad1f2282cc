"""Projects and their milestones."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView, idempotent
from accounts.enums import Scope
from common.api.schema import Operation, operation, page_schema
from common.exceptions import Missing, PermissionRefused
from gigs.api.queries import MilestoneQuery, ProjectQuery
from gigs.api.reads import milestone_of, milestones_for, projects_for
from gigs.api.serializers import (
    ApproveInput,
    ChangesInput,
    MilestoneOutput,
    ProjectOutput,
    SubmitInput,
    TaskActionInput,
)
from gigs.exceptions import (
    CreditShort,
    MilestoneNotFunded,
    MilestoneTransitionRefused,
    ProjectNotStarted,
    ReviewAlreadyExtended,
)
from gigs.models import Milestone
from gigs.services import (
    milestone_approve,
    milestone_extend_review,
    milestone_request_changes,
    milestone_start,
    milestone_submit,
)


class ProjectsView(ApiView):
    @operation(
        Operation(
            name="projects_list",
            tag="projects",
            scope=Scope.GIGS_READ,
            query=ProjectQuery,
            answers={200: page_schema(ProjectOutput)},
        )
    )
    def get(self, request: Request) -> Response:
        """List the projects of which one is a party."""
        return self.page(projects_for(self.user, **self.filters()), ProjectOutput)


class ProjectView(ApiView):
    @operation(
        Operation(
            name="project_read",
            tag="projects",
            scope=Scope.GIGS_READ,
            answers={200: ProjectOutput},
        )
    )
    def get(self, request: Request, project_id: str) -> Response:
        """Read a project with its tasks."""
        return Response(ProjectOutput(projects_for(self.user).by_public_id(project_id)).data)


class WorkView(ApiView):
    """What the views of milestones share."""

    def milestone(self, milestone_id: str) -> Milestone:
        return milestone_of(self.user, milestone_id)

    def named(self, milestone_id: str) -> Milestone:
        """The milestone that an action is about, alone."""
        return Milestone.objects.for_user(self.user).only("pk").by_public_id(milestone_id)

    def shown(self, milestone: Milestone) -> Response:
        return Response(MilestoneOutput(self.milestone(milestone.public_id)).data)


class MilestonesView(WorkView):
    @operation(
        Operation(
            name="milestones_list",
            tag="milestones",
            scope=Scope.GIGS_READ,
            query=MilestoneQuery,
            answers={200: page_schema(MilestoneOutput)},
        )
    )
    def get(self, request: Request) -> Response:
        """List the milestones of one's projects."""
        return self.page(milestones_for(self.user, **self.filters()), MilestoneOutput)


class MilestoneView(WorkView):
    @operation(
        Operation(
            name="milestone_read",
            tag="milestones",
            scope=Scope.GIGS_READ,
            answers={200: MilestoneOutput},
        )
    )
    def get(self, request: Request, milestone_id: str) -> Response:
        """Read a milestone with its invoice."""
        return Response(MilestoneOutput(self.milestone(milestone_id)).data)


class MilestoneStartView(WorkView):
    @operation(
        Operation(
            name="milestone_start",
            tag="milestones",
            scope=Scope.GIGS_WRITE,
            answers={200: MilestoneOutput},
            refusals=[
                PermissionRefused,
                ProjectNotStarted,
                MilestoneNotFunded,
                MilestoneTransitionRefused,
            ],
            takes_key=True,
        )
    )
    @idempotent
    def post(self, request: Request, milestone_id: str) -> Response:
        """Say that work has begun; optional."""
        self.empty_body()
        found = self.named(milestone_id)
        return self.shown(milestone_start(milestone_id=found.pk, by=self.user, at=self.at))


class MilestoneSubmitView(WorkView):
    @operation(
        Operation(
            name="milestone_submit",
            tag="milestones",
            scope=Scope.GIGS_WRITE,
            request=SubmitInput,
            answers={200: MilestoneOutput},
            refusals=[
                PermissionRefused,
                ProjectNotStarted,
                MilestoneNotFunded,
                MilestoneTransitionRefused,
            ],
            takes_key=True,
        )
    )
    @idempotent
    def post(self, request: Request, milestone_id: str) -> Response:
        """Deliver work for review."""
        given = self.body(SubmitInput)
        found = self.named(milestone_id)
        return self.shown(
            milestone_submit(milestone_id=found.pk, **given, by=self.user, at=self.at)
        )


class MilestoneApproveView(WorkView):
    @operation(
        Operation(
            name="milestone_approve",
            tag="milestones",
            scope=Scope.GIGS_WRITE,
            request=ApproveInput,
            answers={200: MilestoneOutput},
            refusals=[PermissionRefused, MilestoneTransitionRefused, CreditShort],
            takes_key=True,
        )
    )
    @idempotent
    def post(self, request: Request, milestone_id: str) -> Response:
        """Accept delivered work, with a bonus or without.

        The invoice follows by itself within seconds, over the price and the bonus. Where the price
        is held the bonus is taken from one's credit at once.
        """
        given = self.body(ApproveInput)
        found = self.named(milestone_id)
        return self.shown(
            milestone_approve(milestone_id=found.pk, **given, by=self.user, at=self.at)
        )


class MilestoneRequestChangesView(WorkView):
    @operation(
        Operation(
            name="milestone_request_changes",
            tag="milestones",
            scope=Scope.GIGS_WRITE,
            request=ChangesInput,
            answers={200: MilestoneOutput},
            refusals=[PermissionRefused, MilestoneTransitionRefused],
            takes_key=True,
        )
    )
    @idempotent
    def post(self, request: Request, milestone_id: str) -> Response:
        """Hand delivered work back with a comment."""
        given = self.body(ChangesInput)
        found = self.named(milestone_id)
        return self.shown(
            milestone_request_changes(milestone_id=found.pk, **given, by=self.user, at=self.at)
        )


class MilestoneExtendReviewView(WorkView):
    @operation(
        Operation(
            name="milestone_extend_review",
            tag="milestones",
            scope=Scope.GIGS_WRITE,
            answers={200: MilestoneOutput},
            refusals=[PermissionRefused, MilestoneTransitionRefused, ReviewAlreadyExtended],
            takes_key=True,
        )
    )
    @idempotent
    def post(self, request: Request, milestone_id: str) -> Response:
        """Give the review of delivered work seven more days, once a delivery.

        Without an answer by `review_ends_at` the milestone counts as approved.
        """
        self.empty_body()
        found = self.named(milestone_id)
        return self.shown(milestone_extend_review(milestone_id=found.pk, by=self.user, at=self.at))


class TaskActionView(WorkView):
    @operation(
        Operation(
            name="task_action",
            tag="workflow",
            scope=Scope.GIGS_WRITE,
            request=TaskActionInput,
            answers={200: MilestoneOutput},
            refusals=[
                PermissionRefused,
                Missing,
                ProjectNotStarted,
                MilestoneNotFunded,
                MilestoneTransitionRefused,
            ],
            takes_key=True,
        )
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Submit, approve or hand back a task.

        The freelancer sends `submit` with a message; the commissioner sends `approve`, or
        `request_changes` with a comment.
        """
        given = self.body(TaskActionInput)
        found = self.named(given["task_id"])
        who: dict[str, Any] = {"milestone_id": found.pk, "by": self.user, "at": self.at}
        match given["action"]:
            case "submit":
                milestone = milestone_submit(
                    message=given["message"], links=given.get("links", []), **who
                )
            case "approve":
                milestone = milestone_approve(**who)
            case _:
                milestone = milestone_request_changes(comment=given["comment"], **who)
        return self.shown(milestone)
