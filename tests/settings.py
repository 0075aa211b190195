"""The product's settings, with what tests need otherwise."""

import os
from pathlib import Path

os.environ.setdefault("STATIC_MANIFEST", "false")
os.environ["PUBLIC_URL"] = "http://testserver"
os.environ["ALLOWED_HOSTS"] = "testserver,127.0.0.1,localhost"
os.environ["EMAIL_URL"] = ""
# The networks of documentation (RFC 5737, RFC 3849) stand for those of carriers.
os.environ["NETGUARD_ALLOW"] = "127.0.0.0/8,::1/128,198.51.100.0/24,203.0.113.0/24,2001:db8::/32"
os.environ["SANDBOX"] = "false"
# Nobody listens there: a test that asks Twilio takes the fixture `twilio`, which sets an address of its own.
os.environ["TWILIO_BASE_URL"] = "http://127.0.0.1:9"
# The same of OpenAI: a test that has calls answered takes the fixture `openai_double`.
os.environ["OPENAI_BASE_URL"] = "http://127.0.0.1:9"
os.environ.update(dict.fromkeys(("OPENAI_API_KEY", "OPENAI_PROJECT_ID", "OPENAI_WEBHOOK_SECRET"), ""))
# What a `make run` in the same folder has generated is not for tests: they start a stand-in of their own.
os.environ.update(dict.fromkeys(("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "STRIPE_BASE_URL"), ""))

from callsphere.settings import *  # noqa: F403 (all of them, and some otherwise)
from callsphere.settings import DATABASES, STATIC_ROOT

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
CELERY_BROKER_URL = "memory://"
AXES_ENABLED = False
DATABASES["default"]["CONN_MAX_AGE"] = 0
# Who waits for whom is tested, and on a busy machine that lasts longer than production lets anybody wait.
DATABASES["default"]["OPTIONS"] = {"options": "-c lock_timeout=60s -c statement_timeout=300s"}
# WhiteNoise warns of a missing folder at every start.
Path(STATIC_ROOT).mkdir(parents=True, exist_ok=True)
