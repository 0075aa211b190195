"""The carriers' facts, for programs. The same for every tenant, and only to be read."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.access import Capability
from tenants.resources import ResourceViewSet
from trunks.models import Trunk
from trunks.presets.catalogue import carrier_presets
from trunks.presets.serializers import CarrierPresetListSerializer


class CarrierPresetViewSet(ResourceViewSet[Trunk]):
    """What carriers publish about connecting to them."""

    model = Trunk
    noun = ("a carrier preset", "carrier presets")
    read_capability = Capability.TRUNKS_READ
    write_capability = Capability.TRUNKS_READ
    serializer_class = CarrierPresetListSerializer
    http_method_names = ["get", "head"]
    pagination_class = None

    @extend_schema(
        summary="List carrier presets", responses={200: CarrierPresetListSerializer}, filters=False
    )
    def everything(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answer with every preset."""
        page = {"next": None, "previous": None, "results": list(carrier_presets().values())}
        return Response(CarrierPresetListSerializer(page).data)
