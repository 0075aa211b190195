"""Mails at the support desk."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from unfold.decorators import action, display

from callsphere.lib.errors import Refused
from tenants.admin.base import ReadOnlyAdmin, staff_actor
from tenants.enums import MailState
from tenants.models import OutgoingMail
from tenants.services.mails import send_again

MAIL_COLOURS = {MailState.WAITING: "info", MailState.SENT: "success", MailState.FAILED: "danger"}


@admin.register(OutgoingMail)
class OutgoingMailAdmin(ReadOnlyAdmin):
    """Mails and what became of them; what they say is never shown."""

    list_display = ("recipient", "subject", "shown_state", "attempts", "last_error", "created_at", "due_at")
    list_filter = ("state", "created_at")
    search_fields = ("recipient", "subject", "last_error")
    fields = (
        "recipient",
        "subject",
        "sender",
        "state",
        "attempts",
        "last_error",
        "created_at",
        "due_at",
        "give_up_at",
        "ended_at",
        "can_be_sent_again",
    )
    readonly_fields = fields
    show_full_result_count = False
    actions = ("send_again",)
    actions_detail = ("send_this_again",)

    @display(description="state", ordering="state", label=MAIL_COLOURS)
    def shown_state(self, mail: OutgoingMail) -> tuple[str, str]:
        return mail.state, mail.get_state_display()

    @admin.display(description="can be sent again", boolean=True)
    def can_be_sent_again(self, mail: OutgoingMail) -> bool:
        return mail.can_be_sent_again

    @admin.action(description="Send the chosen mails again")
    def send_again(self, request: HttpRequest, queryset: QuerySet[OutgoingMail]) -> None:
        count = sum(self._send(request, mail) for mail in queryset.order_by("created_at"))
        if count:
            messages.success(request, f"{count} {'mail is' if count == 1 else 'mails are'} on the way again.")

    @action(description="Send again", icon="send")
    def send_this_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask once more, then have the mail sent."""
        mail = get_object_or_404(OutgoingMail, pk=object_id)
        page = HttpResponseRedirect(reverse("admin:tenants_outgoingmail_change", args=[mail.pk]))
        if not mail.can_be_sent_again:
            messages.error(
                request, "Only a mail that was given up, and whose content is kept, can be sent again."
            )
            return page
        if request.method == "POST":
            if self._send(request, mail):
                messages.success(request, f"The mail to {mail.recipient} is on the way again.")
            return page
        explanation = f"“{mail.subject}” goes to {mail.recipient} as it was written, links included."
        return self.ask(request, f"Send the mail to {mail.recipient} again", explanation, "Send again")

    def _send(self, request: HttpRequest, mail: OutgoingMail) -> bool:
        try:
            send_again(mail=mail, actor=staff_actor(request))
        except Refused as refusal:
            messages.error(request, str(refusal))
            return False
        self.log_change(request, mail, "Sent again")
        return True
