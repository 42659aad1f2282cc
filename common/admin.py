"""The staff door: rows to look at, and actions that call services."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from common.exceptions import DomainError
from common.models import PublicIdModel
from common.public_ids import parse_public_id

T = TypeVar("T")


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that staff can search and read. No door to add, change or delete, forged posts included.

    Corrections are actions that call services. A search term that is a public id finds its row.
    """

    list_per_page = 50
    show_full_result_count = False

    def page(self, view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        """A page of its own, for staff who may see these rows."""

        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not self.has_view_permission(request):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return self.admin_site.admin_view(checked)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if issubclass(self.model, PublicIdModel):
            value = parse_public_id(self.model.PREFIX, search_term.strip())
            if value is not None:
                return queryset.filter(uuid=value), False
        return super().get_search_results(request, queryset, search_term)


class StateFilter(admin.SimpleListFilter):
    """Rows in one state, the `default` one unless another is asked for; "all" is named as well."""

    title = "state"
    parameter_name = "state"
    default = ""

    def value(self) -> str:
        return super().value() or self.default

    def choices(self, changelist: ChangeList) -> Iterator[dict[str, Any]]:  # type: ignore[override]
        for state, label in self.lookup_choices:
            yield {
                "selected": self.value() == state,
                "query_string": changelist.get_query_string({self.parameter_name: state}),
                "display": label,
            }


class ReadOnlyInline(admin.TabularInline):
    """Rows of another table shown with their parent, for reading only."""

    extra = 0
    can_delete = False
    show_change_link = True

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields or [
            field.name
            for field in self.opts.concrete_fields
            if not field.primary_key and field.related_model is not self.parent_model
        ]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def run_service(request: HttpRequest, service: Callable[[], T], *, done: str = "") -> T | None:
    """What the service returns; None after a refusal, which the page then shows as a message."""
    try:
        result = service()
    except DomainError as refusal:
        messages.error(request, refusal.message)
        return None
    if done:
        messages.success(request, done)
    return result


def table(heads: list[str], rows: list[tuple[object, ...]]) -> SafeString:
    """Rows as a table within a page of the admin, everything escaped."""
    return format_html(
        "<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>",
        format_html_join("", "<th>{}</th>", ((head,) for head in heads)),
        format_html_join(
            "",
            "<tr>{}</tr>",
            ((format_html_join("", "<td>{}</td>", ((cell,) for cell in row)),) for row in rows),
        ),
    )
