"""Tables below an object of the support desk."""

from typing import Any

from django.http import HttpRequest
from unfold.admin import TabularInline


class ReadOnlyInline(TabularInline):
    """Rows that support looks at."""

    extra = 0
    can_delete = False
    tab = True

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
