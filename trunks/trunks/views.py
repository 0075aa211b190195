"""What a trunk is called; deleting it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages

from trunks.enums import Authentication
from trunks.models import Trunk
from trunks.pages.deleting import DeletePage
from trunks.pages.editing import TrunkFormPage
from trunks.trunks import services
from trunks.trunks.forms import TrunkEditForm

_STILL_REGISTERS = (
    "It still registers at the carrier. Delete or pause its registration if the carrier should forget it."
)


class TrunkEdit(TrunkFormPage):
    """Change name, direction and authentication of a trunk; switch it off and on."""

    tab = "edit"
    template_name = "trunks/edit.html"
    form_class = TrunkEditForm

    def initial(self) -> dict[str, Any]:
        return TrunkEditForm.initial_of(self.trunk)

    def edited(self) -> Trunk:
        return self.trunk

    def save(self, form: TrunkEditForm) -> str:
        services.update_trunk(
            tenant=self.tenant,
            actor=self.actor,
            trunk=self.trunk,
            expected_version=form.cleaned_data["version"],
            **form.changes(),
        )
        is_named = Authentication.REGISTRATION in form.cleaned_data["authentication"]
        if self.trunk.registration_state is not None and not is_named:
            messages.warning(self.request, _STILL_REGISTERS)
        return "The trunk is saved."

    def success_url(self) -> str:
        return self.trunk_url("detail")


class TrunkDelete(DeletePage):
    """Delete a trunk with everything that belongs to it."""

    heading: ClassVar[str] = "Delete this trunk?"
    button: ClassVar[str] = "Delete the trunk"
    consequence: ClassVar[str] = (
        "Its gateways are no longer checked, no call runs over it, and its stored passwords are destroyed."
        " Its history goes with it; the audit log keeps what was done. This cannot be undone."
    )

    def subject(self) -> Trunk:
        return self.trunk

    def delete(self) -> str:
        services.delete_trunk(
            tenant=self.tenant, actor=self.actor, trunk=self.trunk, expected_version=self.expected_version
        )
        return f"{self.trunk} is deleted."

    def back_url(self) -> str:
        return self.trunk_url("edit")

    def done_url(self) -> str:
        return self.url("list")
