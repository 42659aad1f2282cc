"""Agreeing on work beside the milestones."""

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView, idempotent
from accounts.enums import Scope
from common.api.fields import LineField, MoneyField
from common.api.schema import Operation, operation
from common.api.serializers import Input
from common.exceptions import PermissionRefused
from gigs.api.reads import projects_for
from gigs.api.serializers import ProjectOutput
from gigs.exceptions import FundsHeld, ProjectNotStarted
from gigs.models import Project
from gigs.services import extra_agree


class ExtraInput(Input):
    """How much is added to what is agreed, and for what."""

    example = {
        "amount": {"amount": "500.00", "currency": "USD"},
        "reason": "Moving the old archive, by the hour",
    }

    amount = MoneyField()
    reason = LineField(max_length=300)


class ProjectExtraView(ApiView):
    @operation(
        Operation(
            name="project_extra",
            tag="projects",
            scope=Scope.GIGS_WRITE,
            request=ExtraInput,
            answers={200: ProjectOutput},
            refusals=[PermissionRefused, FundsHeld, ProjectNotStarted],
            takes_key=True,
        )
    )
    @idempotent
    def post(self, request: Request, project_id: str) -> Response:
        """Agree on extra work, as the commissioner: it adds to `agreed`.

        The freelancer can invoice up to it by hand, beside the milestones.
        """
        given = self.body(ExtraInput)
        project = Project.objects.for_user(self.user).only("pk").by_public_id(project_id)
        extra_agree(project_id=project.pk, **given, by=self.user, at=self.at)
        return Response(ProjectOutput(projects_for(self.user).get(pk=project.pk)).data)
