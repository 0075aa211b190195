"""People at their pages: signing up, inviting, keys, the second step, the log; each page examined."""

from __future__ import annotations

import re
from base64 import b32decode
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.conftest import PASSWORD, Person, make_user
from tests.tenants.web.conftest import current_code, url


@pytest.fixture
def stranger(open_browser: Callable[..., Visitor]) -> Visitor:
    """Somebody who is not signed in."""
    return open_browser()


def link_in(mail: Any, pattern: str) -> str:
    """Return the path of the link in a mail."""
    found = re.search(rf"https?://[^/]+({pattern})", mail.body)
    assert found is not None
    return found[1]


def test_from_signing_up_to_naming_the_organisation(stranger: Visitor, mailoutbox: list[Any]) -> None:
    page = stranger.go("/pricing/")
    stranger.follow("Start the trial with 3 numbers")
    expect(page.get_by_text("You chose 3 numbers")).to_be_visible()
    stranger.look("sign-up")
    page.get_by_label("Work e-mail").fill("new@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    stranger.press("Create the account")
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your inbox")
    stranger.go(link_in(mailoutbox[0], r"/accounts/confirm-email/\S+"))
    stranger.press("Yes, confirm it")
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome to CallSphere")
    stranger.look("welcome")
    stranger.press("Continue")
    expect(page.get_by_role("alert")).to_contain_text("Write the name that your colleagues know it by.")
    own_zone = page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")
    expect(page.locator("[name=time_zone]")).to_have_value(own_zone)
    page.get_by_label("Name of your organisation").fill("Brightwater Dental")
    stranger.press("Continue")
    page.wait_for_url("**/t/brightwater-dental/billing/plans/")
    expect(page.get_by_role("heading", name="3 numbers You chose this one")).to_be_visible()
    stranger.look("billing-choose-wanted")


def test_a_colleague_is_invited_and_joins(
    visitor: Visitor, stranger: Visitor, alice: Person, mailoutbox: list[Any]
) -> None:
    page = visitor.go(url("team", alice.tenant))
    visitor.follow("Invite somebody")
    expect(page.get_by_role("heading", level=1)).to_have_text("Invite somebody to Acme Dental")
    page.get_by_label("E-mail address").fill("dana@example.com")
    page.get_by_role("radio", name="Developer").check()
    visitor.look("invite")
    visitor.press("Send the invitation")
    expect(page.get_by_role("status").first).to_contain_text("dana@example.com")
    visitor.look("team")
    invitation = link_in(mailoutbox[0], r"/invitations/\S+")
    visitor.go(invitation)
    expect(page.get_by_text("This invitation is for another address")).to_be_visible()
    visitor.look("invitation-wrong-account")

    other = stranger.go(invitation)
    stranger.look("invitation")
    stranger.follow("Create an account")
    expect(other.get_by_label("Work e-mail")).to_have_value("dana@example.com")
    other.get_by_label("Password", exact=True).fill(PASSWORD)
    stranger.press("Create the account")
    stranger.press("Join Acme Dental")
    other.wait_for_url("**/t/acme-dental/")
    stranger.go(url("settings", alice.tenant))  # a page that does not refresh itself

    visitor.go(url("team", alice.tenant))
    page.get_by_role("link", name="Change dana@example.com").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("dana@example.com")
    visitor.look("member")
    visitor.follow("Remove…")
    expect(page.get_by_role("heading", level=1)).to_have_text("Remove dana@example.com?")
    visitor.look("member-remove")
    visitor.press("Remove the member")
    expect(page.get_by_role("row", name="dana@example.com")).to_have_count(0)


def test_a_key_is_made_and_revoked(visitor: Visitor, alice: Person) -> None:
    page = visitor.go(url("api-keys", alice.tenant))
    visitor.look("api-keys-empty")
    visitor.follow("Make a key")
    expect(page.get_by_role("heading", level=1)).to_have_text("Make an API key")
    page.get_by_role("textbox", name="Name").fill("Provisioning")
    page.get_by_role("checkbox", name="See trunks").check()
    visitor.look("api-key-form")
    visitor.press("Make the key")
    expect(page.get_by_text("Your API key is ready")).to_be_visible()
    visitor.look("api-key-created")
    visitor.follow("I have stored it")
    expect(page.get_by_role("heading", level=1)).to_have_text("API keys")
    visitor.look("api-keys")
    page.get_by_role("link", name="Revoke… Provisioning").click()
    visitor.press("Revoke the key")
    expect(page.get_by_role("row", name="Provisioning")).to_contain_text("Revoked")
    visitor.go(url("audit", alice.tenant))
    expect(page.get_by_text("revoked the API key")).to_be_visible()
    visitor.look("audit")
    visitor.go(url("settings", alice.tenant))
    visitor.look("settings")


def test_two_step_sign_in_is_set_up_and_asked_for(stranger: Visitor, open_browser: Any, db: None) -> None:
    make_user("dana@example.com")

    def sign_in(somebody: Visitor) -> None:
        page = somebody.go("/accounts/login/?next=/account/security/")
        page.get_by_label("E-mail address").fill("dana@example.com")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        somebody.press("Sign in")

    sign_in(stranger)
    page = stranger.page
    expect(page.get_by_role("heading", name="Two-step sign-in")).to_be_visible()
    stranger.look("security")
    stranger.follow("Set it up")
    expect(page.get_by_role("heading", name="Set up two-step sign-in")).to_be_visible()
    stranger.look("two-step-set-up")
    text = page.locator(".copy-value").inner_text().replace(" ", "")
    key = b32decode(text + "=" * (-len(text) % 8)).hex()
    page.get_by_label("One-time code").fill(current_code(key))
    stranger.press("Turn it on")
    codes = page.locator("figure code").inner_text().split()
    assert len(codes) == 10
    stranger.look("recovery-codes")
    with page.expect_download() as download:
        stranger.follow("Download")
    assert download.value.suggested_filename == "callsphere-recovery-codes.txt"

    other = open_browser()
    sign_in(other)
    expect(other.page.get_by_role("heading", level=1)).to_have_text("Enter your code")
    other.look("second-factor")
    other.page.get_by_label("One-time code").fill("000000")
    other.press("Continue")
    expect(other.page.get_by_text("This code does not fit.")).to_be_visible()
    other.follow("I cannot use my app")
    other.page.get_by_label("Recovery code").fill(codes[0])
    other.press("Continue")
    other.page.wait_for_url("**/account/security/")
    expect(other.page.get_by_text("9 left")).to_be_visible()


def test_two_people_rename_the_organisation_at_once(
    visitor: Visitor, open_browser: Callable[..., Visitor], alice: Person
) -> None:
    other = open_browser().sign_in(alice)
    for each in (visitor, other):
        each.go(url("settings", alice.tenant))
    other.page.get_by_label("Name").fill("Theirs")
    other.press("Save")
    expect(other.page.get_by_text("The settings are saved.")).to_be_visible()
    visitor.page.get_by_label("Name").fill("Mine")
    visitor.press("Save")
    expect(visitor.page.get_by_role("row", name=re.compile("Theirs"))).to_contain_text("Mine")
    visitor.look("settings-conflict")
    visitor.press("Save")
    expect(visitor.page.get_by_text("The settings are saved.")).to_be_visible()
    expect(visitor.page.get_by_label("Name")).to_have_value("Mine")


def test_a_changed_password_is_told_to_the_person_and_the_team(stranger: Visitor, alice: Person) -> None:
    page = stranger.go("/accounts/login/?next=/accounts/password/change/")
    page.get_by_label("E-mail address").fill("alice@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    stranger.press("Sign in")
    page.wait_for_url("**/accounts/password/change/")
    page.locator("#id_oldpassword").fill(PASSWORD)
    page.locator("#id_password1").fill("another horse battery staple")
    page.locator("#id_password2").fill("another horse battery staple")
    page.locator("main form button[type=submit], main form button.btn-primary").first.click()
    stranger.go("/account/security/")
    expect(page.get_by_role("row", name=re.compile("changed their password"))).to_be_visible()
    stranger.look("security-log")
    team = stranger.go(url("audit", alice.tenant))
    expect(team.get_by_role("row", name=re.compile("changed their password"))).to_be_visible()
    stranger.look("audit-account")
