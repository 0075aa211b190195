"""Somebody of CallSphere's support, at the desk."""

import pytest
from django.test import Client
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.plugins.otp_totp.models import TOTPDevice

from tenants.models import User
from tests.conftest import make_user

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def sam(db: None) -> User:
    user = make_user("sam@callsphere.example")
    user.is_staff = True
    user.save()
    return user


def signed_in(user: User, *, with_code: bool) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    if with_code:
        device = TOTPDevice.objects.create(user=user, name="phone")
        session = client.session
        session[DEVICE_ID_SESSION_KEY] = device.persistent_id
        session.save()
    return client


@pytest.fixture
def desk(sam: User) -> Client:
    return signed_in(sam, with_code=True)
