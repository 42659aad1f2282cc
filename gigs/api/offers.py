"""Gigs and applications."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView, idempotent
from accounts.enums import Scope
from accounts.models import User
from common.api.schema import Operation, operation, page_schema
from common.exceptions import Missing, PermissionRefused
from gigs.api.queries import ApplicationQuery, GigApplicationQuery, GigQuery
from gigs.api.reads import applications_for, gigs_for
from gigs.api.serializers import (
    ApplicationInput,
    ApplicationOutput,
    GigInput,
    GigOutput,
    MatchFreelancerInput,
    MatchInput,
    ProjectOutput,
    draft_of,
)
from gigs.exceptions import (
    AlreadyApplied,
    ApplicationTransitionRefused,
    BudgetTooSmall,
    GigAlreadyMatched,
    GigNotDraft,
    GigNotOpen,
    GigTransitionRefused,
    LegalDataIncomplete,
    NotAnApplicant,
    OwnGig,
    ReapplyLater,
)
from gigs.models import Application, Gig
from gigs.selectors import projects_with_figures
from gigs.services import (
    application_reject,
    application_submit,
    application_withdraw,
    gig_close,
    gig_edit,
    gig_match,
    gig_open,
    gig_post,
)


class OffersView(ApiView):
    """What the views of gigs and applications share."""

    def gig(self, gig_id: str) -> Gig:
        return gigs_for(self.user).by_public_id(gig_id)

    def named_gig(self, gig_id: str) -> Gig:
        """The gig that an action is about, without its plan."""
        return Gig.objects.visible_to(self.user).only("pk").by_public_id(gig_id)

    def application(self, application_id: str) -> Application:
        return applications_for(self.user).by_public_id(application_id)

    def shown_gig(self, gig: Gig, *, status: int = 200) -> Response:
        return Response(GigOutput(self.gig(gig.public_id)).data, status=status)

    def shown_application(self, application: Application, *, status: int = 200) -> Response:
        shown = self.application(application.public_id)
        return Response(ApplicationOutput(shown).data, status=status)

    def match(self, gig_id: str, given: dict[str, Any]) -> Response:
        """Resolve whom the body names, match, and show the project."""
        gig = self.named_gig(gig_id)
        named: dict[str, int] = {}
        if "freelancer_id" in given:
            named["freelancer_id"] = User.objects.only("pk").by_public_id(given["freelancer_id"]).pk
        if "application_id" in given:
            applications = Application.objects.filter(gig=gig).only("pk")
            named["application_id"] = applications.by_public_id(given["application_id"]).pk
        project = gig_match(gig_id=gig.pk, **named, by=self.user, at=self.at)
        shown = projects_with_figures().get(pk=project.pk)
        return Response(ProjectOutput(shown).data, status=201)


class GigsPostView(OffersView):
    @operation(
        Operation(
            name="gig_post",
            tag="gigs",
            scope=Scope.GIGS_WRITE,
            request=GigInput,
            answers={200: GigOutput, 201: GigOutput},
            refusals=[BudgetTooSmall, PermissionRefused],
            takes_key=True,
        )
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Post a gig.

        With `"draft": true` it stays a draft. The same body again within 60 seconds gives the
        first gig, with 200. The completion method goes with payment on invoice alone:
        `payment_mode` is `not_with_completion` otherwise.
        """
        gig, is_new = gig_post(draft=draft_of(self.body(GigInput)), by=self.user, at=self.at)
        return self.shown_gig(gig, status=201 if is_new else 200)


class GigsView(GigsPostView):
    @operation(
        Operation(
            name="gigs_list",
            tag="gigs",
            scope=Scope.GIGS_READ,
            query=GigQuery,
            answers={200: page_schema(GigOutput)},
        )
    )
    def get(self, request: Request) -> Response:
        """List gigs: the open ones, one's own, and those that one applied to."""
        return self.page(gigs_for(self.user, **self.filters()), GigOutput)


class GigView(OffersView):
    @operation(
        Operation(name="gig_read", tag="gigs", scope=Scope.GIGS_READ, answers={200: GigOutput})
    )
    def get(self, request: Request, gig_id: str) -> Response:
        """Read a gig with its plan."""
        return Response(GigOutput(self.gig(gig_id)).data)

    @operation(
        Operation(
            name="gig_edit",
            tag="gigs",
            scope=Scope.GIGS_WRITE,
            request=GigInput,
            answers={200: GigOutput},
            refusals=[BudgetTooSmall, PermissionRefused, GigNotDraft],
        )
    )
    def put(self, request: Request, gig_id: str) -> Response:
        """Write a draft anew.

        The body is that of a new gig and replaces everything, the plan included; its milestones
        get new ids. Without `"draft": true` the gig is posted.
        """
        gig = self.named_gig(gig_id)
        draft = draft_of(self.body(GigInput))
        return self.shown_gig(gig_edit(gig_id=gig.pk, draft=draft, by=self.user, at=self.at))


class GigOpenView(OffersView):
    @operation(
        Operation(
            name="gig_open",
            tag="gigs",
            scope=Scope.GIGS_WRITE,
            answers={200: GigOutput},
            refusals=[PermissionRefused, GigTransitionRefused],
            takes_key=True,
        )
    )
    @idempotent
    def post(self, request: Request, gig_id: str) -> Response:
        """Publish a draft."""
        self.empty_body()
        gig = self.named_gig(gig_id)
        return self.shown_gig(gig_open(gig_id=gig.pk, by=self.user, at=self.at))


class GigCloseView(OffersView):
    @operation(
        Operation(
            name="gig_close",
            tag="gigs",
            scope=Scope.GIGS_WRITE,
            answers={200: GigOutput},
            refusals=[PermissionRefused, GigTransitionRefused],
            takes_key=True,
        )
    )
    @idempotent
    def post(self, request: Request, gig_id: str) -> Response:
        """Take a gig off the market."""
        self.empty_body()
        gig = self.named_gig(gig_id)
        return self.shown_gig(gig_close(gig_id=gig.pk, by=self.user, at=self.at))


class GigMatchView(OffersView):
    @operation(
        Operation(
            name="gig_match",
            tag="gigs",
            scope=Scope.GIGS_WRITE,
            request=MatchInput,
            answers={201: ProjectOutput},
            refusals=[
                PermissionRefused,
                GigAlreadyMatched,
                GigNotOpen,
                NotAnApplicant,
                LegalDataIncomplete,
            ],
            takes_key=True,
        )
    )
    @idempotent
    def post(self, request: Request, gig_id: str) -> Response:
        """Hire an applicant.

        Accepts the application, rejects the others, and starts a project with frozen terms.
        """
        return self.match(gig_id, self.body(MatchInput))


class MatchFreelancerView(OffersView):
    @operation(
        Operation(
            name="match_freelancer",
            tag="workflow",
            scope=Scope.GIGS_WRITE,
            request=MatchFreelancerInput,
            answers={201: ProjectOutput},
            refusals=[
                PermissionRefused,
                Missing,
                GigAlreadyMatched,
                GigNotOpen,
                NotAnApplicant,
                LegalDataIncomplete,
            ],
            takes_key=True,
        )
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Hire an applicant for a gig.

        Accepts the application, rejects the others, and starts a project with frozen terms.
        """
        given = self.body(MatchFreelancerInput)
        return self.match(given["gig_id"], given)


class GigApplicationsView(OffersView):
    @operation(
        Operation(
            name="gig_applications_list",
            tag="applications",
            scope=Scope.GIGS_READ,
            query=GigApplicationQuery,
            answers={200: page_schema(ApplicationOutput)},
        )
    )
    def get(self, request: Request, gig_id: str) -> Response:
        """List the applications to a gig: all of them for its owner, otherwise one's own."""
        gig = self.named_gig(gig_id)
        applications = applications_for(self.user, gig_id=gig.uuid, **self.filters())
        return self.page(applications, ApplicationOutput)

    @operation(
        Operation(
            name="application_submit",
            tag="applications",
            scope=Scope.GIGS_WRITE,
            request=ApplicationInput,
            answers={201: ApplicationOutput},
            refusals=[
                PermissionRefused,
                OwnGig,
                AlreadyApplied,
                GigNotOpen,
                ReapplyLater,
                LegalDataIncomplete,
            ],
            takes_key=True,
        )
    )
    @idempotent
    def post(self, request: Request, gig_id: str) -> Response:
        """Apply to a gig."""
        given = self.body(ApplicationInput)
        gig = self.named_gig(gig_id)
        application = application_submit(gig_id=gig.pk, **given, by=self.user, at=self.at)
        return self.shown_application(application, status=201)


class ApplicationsView(OffersView):
    @operation(
        Operation(
            name="applications_list",
            tag="applications",
            scope=Scope.GIGS_READ,
            query=ApplicationQuery,
            answers={200: page_schema(ApplicationOutput)},
        )
    )
    def get(self, request: Request) -> Response:
        """List one's own applications, and those to one's gigs."""
        return self.page(applications_for(self.user, **self.filters()), ApplicationOutput)


class ApplicationView(OffersView):
    @operation(
        Operation(
            name="application_read",
            tag="applications",
            scope=Scope.GIGS_READ,
            answers={200: ApplicationOutput},
        )
    )
    def get(self, request: Request, application_id: str) -> Response:
        """Read an application, as its freelancer or as the gig's owner."""
        return Response(ApplicationOutput(self.application(application_id)).data)


class ApplicationWithdrawView(OffersView):
    @operation(
        Operation(
            name="application_withdraw",
            tag="applications",
            scope=Scope.GIGS_WRITE,
            answers={200: ApplicationOutput},
            refusals=[PermissionRefused, ApplicationTransitionRefused],
            takes_key=True,
        )
    )
    @idempotent
    def post(self, request: Request, application_id: str) -> Response:
        """Take one's application back."""
        self.empty_body()
        found = self.application(application_id)
        return self.shown_application(
            application_withdraw(application_id=found.pk, by=self.user, at=self.at)
        )


class ApplicationRejectView(OffersView):
    @operation(
        Operation(
            name="application_reject",
            tag="applications",
            scope=Scope.GIGS_WRITE,
            answers={200: ApplicationOutput},
            refusals=[PermissionRefused, ApplicationTransitionRefused],
            takes_key=True,
        )
    )
    @idempotent
    def post(self, request: Request, application_id: str) -> Response:
        """Turn an application to one's gig down."""
        self.empty_body()
        found = self.application(application_id)
        return self.shown_application(
            application_reject(application_id=found.pk, by=self.user, at=self.at)
        )
