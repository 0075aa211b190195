"""A trunk at Twilio: set up, its plan, what it is dialled at, what was changed there, switched off."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.http import Http404, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.functional import cached_property
from django.views.generic.base import View

from callsphere.lib.errors import Refused
from callsphere.providers.twilio.client import parent_account
from trunks.enums import NumberSource, NumberState, ProvisionKind
from trunks.models import Gateway, PhoneNumber, TrunkNumber, TrunkProvision
from trunks.numbers.business_words import told_business
from trunks.pages.base import EditsOnly, LivePage, OneTrunkPage
from trunks.pages.deleting import DeletePage
from trunks.pages.editing import TrunkFormPage
from trunks.provisioning import services
from trunks.provisioning.forms import AttachForm, ProvisionEditForm, SetUpForm
from trunks.provisioning.queries import openings, problem_of, provisions_of, sip_addresses
from trunks.provisioning.summaries import is_busy, is_held_up, plan_of, told_of, twilio_code

TEMPLATE = "trunks/provider.html"


class ProvisionPage(OneTrunkPage):
    """A page about a trunk at Twilio."""

    tab = "provider"

    @cached_property
    def found(self) -> TrunkProvision | None:
        """What the trunk is at Twilio, None while it is not set up there."""
        row: TrunkProvision | None = provisions_of(self.tenant).filter(pk=self.trunk.pk).first()
        return row

    @property
    def provision(self) -> TrunkProvision:
        """The same. Raises Http404."""
        if self.found is None:
            raise Http404("not set up at Twilio")
        return self.found

    def provider_context(self) -> dict[str, Any]:
        """Return what the panel needs."""
        context = {**self.trunk_context(), "provider_url": self.trunk_url("provider")}
        row = self.found
        if row is None:
            form = SetUpForm(initial=SetUpForm.initial_of(Gateway.objects.filter(trunk=self.trunk)))
            return {**context, "form": form, "is_configured": parent_account() is not None}
        return {
            **context,
            "provision": row,
            "told": told_of(row),
            "is_busy": is_busy(row),
            "is_held_up": is_held_up(row),
            "problem": problem_of(row),
            "code": twilio_code(row),
            "plan": plan_of(row),
            "addresses": sip_addresses(row),
            "openings": openings(),
            "business": told_business(row.account),
            **self._numbers(row),
        }

    def _numbers(self, row: TrunkProvision) -> dict[str, Any]:
        if row.kind != ProvisionKind.ELASTIC:
            return {}
        attached = TrunkNumber.objects.filter(provision=row).select_related("phone_number")
        return {"attached": attached, "attach_form": AttachForm(numbers=self.free_numbers())}

    def free_numbers(self) -> Any:
        """Return the bought numbers that are on no trunk."""
        taken = TrunkNumber.objects.filter(tenant=self.tenant).values("phone_number")
        bought = PhoneNumber.objects.filter(
            tenant=self.tenant, source=NumberSource.BOUGHT, state=NumberState.ACTIVE
        )
        return bought.exclude(pk__in=taken).order_by("number")


class ProviderDetail(LivePage, ProvisionPage):
    """How the trunk stands at Twilio; before that, the form that sets it up."""

    template_name = TEMPLATE

    def page_context(self) -> dict[str, Any]:
        return self.provider_context()

    def said(self, context: dict[str, Any]) -> str:
        return context["told"].text if "told" in context else ""

    def is_settled(self, context: dict[str, Any]) -> bool:
        return not context.get("is_busy")

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Have a plan made."""
        form = SetUpForm(request.POST)
        if form.is_valid():
            try:
                services.set_up_provision(
                    tenant=self.tenant, actor=self.actor, trunk=self.trunk, **form.changes()
                )
                return HttpResponseRedirect(request.path)
            except ValidationError as error:
                for name, texts in error.message_dict.items():
                    form.add_error(name if name in form.fields else None, texts)
            except Refused as refusal:
                if self.found is not None:
                    messages.warning(request, str(refusal))
                    return HttpResponseRedirect(request.path)
                form.add_error(NON_FIELD_ERRORS, str(refusal))
        return render(request, TEMPLATE, {**self.provider_context(), "form": form}, status=422)


class ProviderEdit(TrunkFormPage, ProvisionPage):
    """Change what Twilio alone knows of the trunk."""

    template_name = "trunks/provider_form.html"

    def make_form(self, data: QueryDict | None = None) -> ProvisionEditForm:
        return ProvisionEditForm(data, initial=self.initial(), kind=self.provision.kind)

    def initial(self) -> dict[str, Any]:
        return ProvisionEditForm.initial_of(self.provision)

    def edited(self) -> TrunkProvision:
        return self.provision

    def page_context(self) -> dict[str, Any]:
        return {**super().page_context(), "provision": self.provision}

    def save(self, form: ProvisionEditForm) -> str:
        services.update_provision(
            tenant=self.tenant,
            actor=self.actor,
            provision=self.provision,
            expected_version=form.cleaned_data["version"],
            **form.changes(),
        )
        return "The settings are saved. A new plan shows here in seconds."

    def success_url(self) -> str:
        return self.trunk_url("provider")


class ProviderOff(DeletePage, ProvisionPage):
    """Take everything of the trunk away at Twilio."""

    template_name = "trunks/provider_off.html"
    heading: ClassVar[str] = "Switch it off at Twilio?"
    button: ClassVar[str] = "Switch it off"
    consequence: ClassVar[str] = ""  # the template lists what goes

    def trunk_context(self) -> dict[str, Any]:
        return {**super().trunk_context(), "provision": self.provision}

    def subject(self) -> TrunkProvision:
        return self.provision

    def delete(self) -> str:
        services.switch_off_provision(
            tenant=self.tenant,
            actor=self.actor,
            provision=self.provision,
            expected_version=self.expected_version,
        )
        return "Everything of this trunk is being taken away at Twilio."

    def back_url(self) -> str:
        return self.trunk_url("provider")

    done_url = back_url


class ProviderAction(EditsOnly, ProvisionPage, View):
    """A button of the panel. When the plan is another by now, the new one is shown with a sentence (409)."""

    http_method_names = ["post"]

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            done = self.act(self.provision)
        except Refused as refusal:
            if refusal.code == "plan_changed":
                context = {**self.provider_context(), "changed": str(refusal)}
                return render(request, TEMPLATE, context, status=409)
            messages.warning(request, str(refusal))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            if done:
                messages.success(request, done)
        return HttpResponseRedirect(self.trunk_url("provider"))

    def act(self, provision: TrunkProvision) -> str:
        """Do it through its service; return a sentence that says what was done."""
        raise NotImplementedError

    def chosen(self) -> dict[str, Any]:
        """Return the plan that was looked at, and what was chosen of it."""
        return {"plan": self.request.POST.get("plan", ""), "keys": self.request.POST.getlist("keys")}


class ProviderApply(ProviderAction):
    """Put ours: some of the plan, or all of it."""

    def act(self, provision: TrunkProvision) -> str:
        services.apply_plan(tenant=self.tenant, actor=self.actor, provision=provision, **self.chosen())
        return ""


class ProviderTake(ProviderAction):
    """Take theirs: make the trunk here as Twilio has it."""

    def act(self, provision: TrunkProvision) -> str:
        chosen = self.chosen()
        services.take_theirs(tenant=self.tenant, actor=self.actor, provision=provision, **chosen)
        return "It is here as it is at Twilio." if chosen["keys"] else ""


class ProviderLook(ProviderAction):
    """Compare with Twilio at once."""

    def act(self, provision: TrunkProvision) -> str:
        services.look_now(tenant=self.tenant, actor=self.actor, provision=provision)
        return ""


class ProviderAttach(ProviderAction):
    """Have a number's calls go to an Elastic SIP trunk."""

    def act(self, provision: TrunkProvision) -> str:
        form = AttachForm(self.request.POST, numbers=self.free_numbers())
        if not form.is_valid():
            raise ValidationError(list(form.errors["number"]))
        number = form.cleaned_data["number"]
        services.attach_number(tenant=self.tenant, actor=self.actor, provision=provision, number=number)
        return f"{number} goes to this trunk once the plan is applied."


class ProviderDetach(ProviderAction):
    """Have a number's calls come to your agents again."""

    def act(self, provision: TrunkProvision) -> str:
        row = (
            provision.numbers.filter(pk=self.kwargs["trunk_number_id"]).select_related("phone_number").first()
        )
        if row is None:
            raise Http404("no such number on this trunk")
        number = row.phone_number
        services.detach_number(tenant=self.tenant, actor=self.actor, provision=provision, number=number)
        return f"{number} leaves this trunk once the plan is applied."
