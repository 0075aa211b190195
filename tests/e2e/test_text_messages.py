"""A text message goes out through the double, which tells what became of it."""

from __future__ import annotations

import pytest
from pytest_django.live_server_helper import LiveServer

from callsphere.calls.models import TextMessage
from callsphere.calls.text_sending import send_due_texts
from tenants.context import tenant_context
from tests.calls.test_text_sending import make_text
from tests.conftest import Person
from tests.e2e.test_whole_calls import owner as owner
from tests.trunks.numbers.conftest import stored
from tests.twilio_double import DoubledTwilio
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("to", "state", "code"), [("+12125550100", "delivered", None), ("+12125550172", "undelivered", 30007)]
)
def test_what_became_of_it(
    owner: Person,
    twilio: DoubledTwilio,
    live_server: LiveServer,
    to: str,
    state: str,
    code: int | None,
) -> None:
    make_text(owner, stored(owner), to_number=to)
    assert send_due_texts() == 1

    def text() -> TextMessage:
        with tenant_context(owner.tenant):
            return TextMessage.objects.get()

    wait_until(lambda: text().state == state, lambda: text().state)
    assert (text().error_code, text().message_sid[:2]) == (code, "SM")
