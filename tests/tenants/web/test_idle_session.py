"""A session that nobody used for an hour ends, and the next page says so."""

import time

from tenants.middleware import IDLE_SECONDS
from tests.conftest import Person
from tests.tenants.web.conftest import url


def test_the_sign_in_page_says_why(alice: Person) -> None:
    client = alice.client()
    team = url("team", alice.tenant)
    client.get(team)
    session = client.session
    session["last_seen"] = int(time.time()) - IDLE_SECONDS - 1
    session.save()
    response = client.get(team, follow=True)
    assert response.redirect_chain == [(f"/accounts/login/?next={team}", 302)]
    assert "You were signed out after an hour without activity." in response.content.decode()
    assert "_auth_user_id" not in client.session
