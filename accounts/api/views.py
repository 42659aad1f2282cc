"""Registration, tokens, and who one is."""

from datetime import timedelta

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView
from accounts.api.serializers import (
    CreatedTokenOutput,
    LogoInput,
    LogoOutput,
    NewTokenOutput,
    OrganisationInput,
    OrganisationOutput,
    PersonLegalInput,
    PersonLegalOutput,
    RegisterInput,
    TokenCreateInput,
    TokenInput,
    TokenOutput,
    UserOutput,
)
from accounts.enums import ORDINARY, STEP_UP, Scope
from accounts.exceptions import (
    EmailTaken,
    EmailUnconfirmed,
    InvalidCredentials,
    OtpInvalid,
    OtpRequired,
    StepUpRequired,
    TokenAbsent,
)
from accounts.models import ApiToken, Logo
from accounts.permissions import is_sure
from accounts.selectors import logo_of, organisation_logo_of, tokens_of
from accounts.services import (
    legal_data_update,
    logo_remove,
    logo_save,
    organisation_logo_remove,
    organisation_logo_save,
    organisation_save,
    user_register,
)
from accounts.services.access import TokenGrant, password_check, token_issue, token_revoke
from common.api.query import ListQuery
from common.api.schema import Operation, operation, page_schema
from common.api.uploads import uploads
from common.exceptions import Missing, PermissionRefused
from common.images import MOST_BYTES


class RegisterView(ApiView):
    limit = "register"

    @operation(
        Operation(
            name="register",
            tag="auth",
            is_public=True,
            request=RegisterInput,
            answers={201: UserOutput},
            refusals=[EmailTaken],
        )
    )
    def post(self, request: Request) -> Response:
        """Register a person.

        These four fields are enough for the whole path from gig to wallet.
        """
        user = user_register(**self.body(RegisterInput), at=self.at)
        return Response(UserOutput(user).data, status=201)


class SignInView(ApiView):
    limit = "token"

    @operation(
        Operation(
            name="token_get",
            tag="auth",
            is_public=True,
            request=TokenInput,
            answers={201: NewTokenOutput},
            refusals=[InvalidCredentials, OtpRequired, OtpInvalid, EmailUnconfirmed],
        )
    )
    def post(self, request: Request) -> Response:
        """Get a token for an e-mail address and a password.

        The token has the scopes asked for, without `scopes` all but `withdrawals:write`, and
        lives for 30 days. Its secret is shown this once.
        """
        given = self.body(TokenInput)
        user = password_check(
            email=given["email"], password=given["password"], otp=given.get("otp"), at=self.at
        )
        grant = TokenGrant(
            name=f"Sign-in of {self.at:%Y-%m-%d}", scopes=given.get("scopes", ORDINARY)
        )
        token, secret = token_issue(grant=grant, by=user, at=self.at)
        shown = {"token": secret, "expires_at": token.expires_at, "user": user}
        return Response(NewTokenOutput(shown).data, status=201)

    @operation(
        Operation(name="token_drop", tag="auth", answers={204: None}, refusals=[TokenAbsent])
    )
    def delete(self, request: Request) -> Response:
        """Revoke the token that this call presents."""
        if self.token is None:
            raise TokenAbsent
        token_revoke(token_id=self.token.pk, by=self.user, at=self.at)
        return Response(status=204)


class MeView(ApiView):
    @operation(Operation(name="me_read", tag="auth", answers={200: UserOutput}))
    def get(self, request: Request) -> Response:
        """Read who one is.

        A second role is added in the browser, under settings.
        """
        return Response(UserOutput(self.user).data)


class LegalView(ApiView):
    @operation(
        Operation(
            name="legal_read",
            tag="auth",
            scope=Scope.MONEY_READ,
            answers={200: PersonLegalOutput},
        )
    )
    def get(self, request: Request) -> Response:
        """Read what the next invoices say about oneself."""
        return Response(PersonLegalOutput(self.user).data)

    @operation(
        Operation(
            name="legal_change",
            tag="auth",
            scope=Scope.MONEY_WRITE,
            request=PersonLegalInput,
            answers={200: PersonLegalOutput},
        )
    )
    def patch(self, request: Request) -> Response:
        """Change what the next invoices say about oneself.

        Numbers are checked for their form and check digits, and kept in one spelling. Issued
        invoices keep their copy.
        """
        changes = self.body(PersonLegalInput)
        user = legal_data_update(changes=changes, by=self.user, at=self.at)
        return Response(PersonLegalOutput(user).data)


class LogoView(ApiView):
    parser_classes = uploads(MOST_BYTES)

    @operation(
        Operation(
            name="logo_read",
            tag="auth",
            scope=Scope.MONEY_READ,
            answers={(200, "image/png"): OpenApiTypes.BINARY},
            refusals=[Missing],
        )
    )
    def get(self, request: Request) -> HttpResponse:
        """Read the logo of one's invoices as it is printed: a PNG on white."""
        return _printed(logo_of(self.user))

    @operation(
        Operation(
            name="logo_put",
            tag="auth",
            scope=Scope.MONEY_WRITE,
            request=LogoInput,
            answers={200: LogoOutput},
            refusals=[PermissionRefused],
            is_upload=True,
        )
    )
    def put(self, request: Request) -> Response:
        """Put a logo on the PDF of one's next invoices, as a freelancer; issued ones keep theirs.

        A form with the `file`: a PNG or JPEG of up to 2 MiB and 16 million dots, by its content. It
        is kept as a PNG on white of at most 900 x 300 dots.
        """
        content = self.body(LogoInput)["file"].read()
        logo = logo_save(content=content, by=self.user, at=self.at)
        return Response(LogoOutput(logo).data)

    @operation(
        Operation(name="logo_remove", tag="auth", scope=Scope.MONEY_WRITE, answers={204: None})
    )
    def delete(self, request: Request) -> Response:
        """Leave the logo off one's next invoices."""
        logo_remove(by=self.user, at=self.at)
        return Response(status=204)


class OrganisationView(ApiView):
    @operation(
        Operation(
            name="organisation_change",
            tag="auth",
            scope=Scope.MONEY_WRITE,
            request=OrganisationInput,
            answers={200: OrganisationOutput},
            refusals=[PermissionRefused],
        )
    )
    def patch(self, request: Request) -> Response:
        """Change the organisation that one acts for, or name it for the first time.

        `GET /api/v1/me/` shows it. It is the buyer on invoices of gigs that are posted from then
        on.
        """
        changes = self.body(OrganisationInput)
        organisation = organisation_save(changes=changes, by=self.user, at=self.at)
        return Response(OrganisationOutput(organisation).data)


class OrganisationLogoView(ApiView):
    parser_classes = uploads(MOST_BYTES)

    @operation(
        Operation(
            name="organisation_logo_read",
            tag="auth",
            scope=Scope.MONEY_READ,
            answers={(200, "image/png"): OpenApiTypes.BINARY},
            refusals=[Missing],
        )
    )
    def get(self, request: Request) -> HttpResponse:
        """Read the logo of the organisation that one acts for, as it is printed: a PNG on white."""
        return _printed(organisation_logo_of(self.user))

    @operation(
        Operation(
            name="organisation_logo_put",
            tag="auth",
            scope=Scope.MONEY_WRITE,
            request=LogoInput,
            answers={200: LogoOutput},
            refusals=[PermissionRefused, Missing],
            is_upload=True,
        )
    )
    def put(self, request: Request) -> Response:
        """Put a logo on the PDF of the next invoices that one's organisation writes itself.

        Those of gigs with `self_billed`, and the credit notes on them. The `file` is as for one's
        own logo; issued documents keep theirs.
        """
        content = self.body(LogoInput)["file"].read()
        logo = organisation_logo_save(content=content, by=self.user, at=self.at)
        return Response(LogoOutput(logo).data)

    @operation(
        Operation(
            name="organisation_logo_remove",
            tag="auth",
            scope=Scope.MONEY_WRITE,
            answers={204: None},
            refusals=[PermissionRefused, Missing],
        )
    )
    def delete(self, request: Request) -> Response:
        """Leave the logo off the next invoices of one's organisation."""
        organisation_logo_remove(by=self.user, at=self.at)
        return Response(status=204)


def _printed(logo: Logo | None) -> HttpResponse:
    if logo is None:
        raise Missing("There is no logo.")
    return HttpResponse(bytes(logo.content), content_type="image/png")


class TokensView(ApiView):
    @operation(
        Operation(
            name="tokens_list",
            tag="tokens",
            scope=Scope.MONEY_WRITE,
            query=ListQuery,
            answers={200: page_schema(TokenOutput)},
        )
    )
    def get(self, request: Request) -> Response:
        """List one's tokens that were not revoked."""
        return self.page(tokens_of(self.user), TokenOutput)

    @operation(
        Operation(
            name="token_create",
            tag="tokens",
            scope=Scope.MONEY_WRITE,
            request=TokenCreateInput,
            answers={201: CreatedTokenOutput},
            refusals=[StepUpRequired],
        )
    )
    def post(self, request: Request) -> Response:
        """Create a token, such as one that only reads.

        A token hands on neither scopes nor a lifetime beyond its own. The secret is shown this
        once; that is why an Idempotency-Key has no effect here.
        """
        given = self.body(TokenCreateInput)
        scopes = given.get("scopes", self.token.scopes if self.token else list(ORDINARY))
        if self.token is None and STEP_UP & set(scopes) and not is_sure(self.request):
            raise StepUpRequired
        grant = TokenGrant(
            name=given["name"], scopes=scopes, life=timedelta(days=given.get("days", 30))
        )
        token, secret = token_issue(grant=grant, by=self.user, at=self.at, parent=self.token)
        shown = {**TokenOutput(token).data, "token": secret}
        return Response(shown, status=201)


class TokenView(ApiView):
    @operation(
        Operation(name="token_revoke", tag="tokens", scope=Scope.MONEY_WRITE, answers={204: None})
    )
    def delete(self, request: Request, token_id: str) -> Response:
        """Revoke one of one's tokens."""
        own = ApiToken.objects.filter(user=self.user).by_public_id(token_id)
        token_revoke(token_id=own.pk, by=self.user, at=self.at)
        return Response(status=204)
