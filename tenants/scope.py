"""The manager of every row that belongs to a tenant."""

from typing import Any, TypeVar

from django.db import models
from django_scopes import get_scope
from django_scopes.exceptions import ScopeError

M = TypeVar("M", bound=models.Model)


class ScopedManager(models.Manager[M]):
    """Sees the rows of django-scopes' current tenant, and raises ScopeError outside any scope.

    The database enforces the same on its own; this makes a forgotten scope loud instead of empty.
    (The library's own manager lets `exists()` and `bulk_create()` through unscoped; this one does not.)
    """

    def get_queryset(self) -> models.QuerySet[M]:
        scope: dict[str, Any] = get_scope()
        if not scope.get("_enabled", True):
            return super().get_queryset()
        if scope.get("tenant") is None:
            raise ScopeError(f"{self.model.__name__} needs a tenant: open tenant_context() first.")
        return super().get_queryset().filter(tenant=scope["tenant"])

    def none(self) -> models.QuerySet[M]:
        """An empty set needs no tenant."""
        return super().get_queryset().none()
