"""The support desk: tenants, people, mails and the log."""

from tenants.admin import lists, mails, people, tenants
from tenants.admin.base import ReadOnlyAdmin, ReasonForm, admin_link, staff_actor

__all__ = ["ReadOnlyAdmin", "ReasonForm", "admin_link", "lists", "mails", "people", "staff_actor", "tenants"]
