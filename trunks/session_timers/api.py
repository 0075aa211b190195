"""The API of session-timer policies."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.generics import get_object_or_404

from tenants.resources import EditableViewSet
from trunks.models import (
    SessionTimerPolicy,
)
from trunks.session_timers import serializers, services
from trunks.viewsets import OfTrunk


class SessionTimerPolicyViewSet(OfTrunk[SessionTimerPolicy], EditableViewSet[SessionTimerPolicy]):
    """How a trunk's calls prove that they are still there, and how long they may last."""

    model = SessionTimerPolicy
    noun = ("the session-timer policy", "session-timer policies")
    serializer_class = serializers.SessionTimerPolicySerializer

    def rows(self) -> QuerySet[SessionTimerPolicy]:
        return SessionTimerPolicy.objects.filter(tenant=self.tenant, trunk_id=self.kwargs["trunk_id"])

    def get_object(self) -> SessionTimerPolicy:
        return get_object_or_404(self.rows())

    def change(self, row: SessionTimerPolicy, version: int, data: dict[str, Any]) -> SessionTimerPolicy:
        return services.update_session_timer_policy(
            tenant=self.tenant, actor=self.actor, policy=row, expected_version=version, **data
        )
