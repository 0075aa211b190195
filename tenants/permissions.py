"""What a request may do, decided by one attribute of the view."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request


class HasCapability(BasePermission):
    """Asks for the view's `read_capability` or `write_capability`. A view that names none is refused."""

    def has_permission(self, request: Request, view: Any) -> bool:
        wanted = view.read_capability if request.method in SAFE_METHODS else view.write_capability
        if wanted is None:
            return False
        self.message = f"This needs the capability {wanted}, which this API key was not given."
        return wanted in getattr(request._request, "capabilities", frozenset())
