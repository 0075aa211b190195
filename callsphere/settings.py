"""Settings of every process. Each value that an operator may change is read through `callsphere.env`."""

from pathlib import Path

from csp.constants import NONE, SELF, UNSAFE_EVAL
from kombu import Queue

from callsphere import background, env, logs
from callsphere.support_desk import UNFOLD as UNFOLD

BASE_DIR = Path(__file__).resolve().parent.parent
env.load_file(BASE_DIR / ".local" / "env")

# Core

DEBUG = env.boolean("DEBUG", False)
SECRET_KEY = env.secret("SECRET_KEY")
KEY_ENCRYPTION_KEYS = env.secret("KEY_ENCRYPTION_KEYS")
ALLOWED_HOSTS = env.strings("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
PORT = env.integer("PORT", 8000, minimum=1, maximum=65535)
PUBLIC_URL = env.text("PUBLIC_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
ROOT_URLCONF = "callsphere.urls"
WSGI_APPLICATION = "callsphere.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
USE_I18N = False

INSTALLED_APPS = [
    # ours, lowest last: templates and commands of the upper ones win
    "callsphere.local",
    "callsphere.web",
    "callsphere.api",
    "billing",
    "callsphere.calls",
    "callsphere.outbound",
    "callsphere.escalations",
    "agents",
    "trunks",
    "callsphere.alerts",
    "tenants",
    # theirs
    "unfold.apps.BasicAppConfig",
    "tenants.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "axes",
    "csp",
    "django_filters",
    "django_htmx",
    "django_otp",
    "django_otp.plugins.otp_static",
    "django_otp.plugins.otp_totp",
    "django_prometheus",
    "django_structlog",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
    "template_partials",
]

MIDDLEWARE = [
    "tenants.client_address.ClientAddressMiddleware",
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "callsphere.calls.shortcut.VoiceShortcut",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "tenants.second_factor.SecondFactorMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "tenants.middleware.TenantMiddleware",
    "axes.middleware.AxesMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tenants.context_processors.shell",
            ],
            "builtins": ["callsphere.web.templatetags.callsphere"],
        },
    }
]

# Database. One alias: the application's login, bound by row-level security; migrations connect as the owner.

DATABASE_ROLE = env.choice("DATABASE_ROLE", "app", ("app", "owner"))
DATABASES = {"default": env.database("DATABASE_OWNER_URL" if DATABASE_ROLE == "owner" else "DATABASE_URL")}
DATABASES["default"]["CONN_MAX_AGE"] = env.integer("DATABASE_CONN_MAX_AGE", 60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# A transaction-pooling proxy keeps no cursor or prepared statement between transactions.
DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = env.boolean("DATABASE_POOLED", False)

# Redis: wake-ups, the cache and Celery's broker. Nothing that must not be lost.

REDIS_URL = env.secret("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "tenants.cache.DegradingRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "callsphere",
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

# Celery

CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    "unacked_restore_throttle": 1,
    "socket_timeout": 10,
    "socket_keepalive": True,
    "health_check_interval": 25,
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_QUEUES = [Queue(name) for name in ("probe", "check", "deliver", "provision", "default")]
CELERY_TASK_ROUTES = background.TASK_ROUTES
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_BEAT_SCHEDULE = background.BEAT_SCHEDULE
CELERY_BEAT_SCHEDULE_FILENAME = env.text(
    "CELERY_BEAT_SCHEDULE_FILE", str(BASE_DIR / ".local" / "beat-schedule")
)

# Accounts

AUTH_USER_MODEL = "tenants.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "tenants:home"
ACCOUNT_ADAPTER = "tenants.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_FORMS = {"signup": "billing.signup.SignupForm"}
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_USER_DISPLAY = "tenants.models.display_name"
AXES_USERNAME_CALLABLE = "tenants.adapter.address_that_signs_in"
AXES_HTTP_RESPONSE_CODE = 429
AXES_LOCKOUT_TEMPLATE = "account/locked_out.html"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
OTP_TOTP_ISSUER = "CallSphere"

# Cookies and headers. HTTPS is what PUBLIC_URL says.

SECURE = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_AGE = 12 * 3600
SECURE_SSL_REDIRECT = SECURE and env.boolean("SSL_REDIRECT", True)
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
BEHIND_PROXY = env.boolean("BEHIND_PROXY", False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
# Proxies of ours that X-Forwarded-For has passed. The first middleware alone reads that header, and takes it
# away; allauth, axes and the logs then find the client in REMOTE_ADDR.
TRUSTED_PROXY_COUNT = max(env.integer("TRUSTED_PROXY_COUNT", 0, maximum=10), int(BEHIND_PROXY))
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "media-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    },
}
# django-unfold's Alpine evaluates expressions and sets styles; its policy is set by the admin site alone.
ADMIN_CONTENT_SECURITY_POLICY = {
    "default-src": [NONE],
    "script-src": [SELF, UNSAFE_EVAL],
    "style-src": [SELF, "'unsafe-inline'"],
    "img-src": [SELF, "data:"],
    "font-src": [SELF],
    "connect-src": [SELF],
    "form-action": [SELF],
    "base-uri": [NONE],
    "frame-ancestors": [NONE],
}

# Static files

STATIC_URL = "/static/"
STATIC_ROOT = env.text("STATIC_ROOT", str(BASE_DIR / ".local" / "static"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if not DEBUG and env.boolean("STATIC_MANIFEST", True)
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# E-mail. What is sent becomes a row; workers hand it to the server that EMAIL_URL names, or else write it to
# a file in a folder that the pages name.

EMAIL_BACKEND = "tenants.mail.outbox.EmailBackend"
EMAIL_URL = env.secret("EMAIL_URL", "")
EMAIL_FILE_PATH = env.text("EMAIL_FILE_PATH", str(BASE_DIR / ".local" / "mail"))
vars().update(env.email(EMAIL_URL))
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "CallSphere <no-reply@callsphere.example>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
SUPPORT_EMAIL = env.text("SUPPORT_EMAIL", "support@callsphere.example")

# REST API

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["tenants.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["tenants.permissions.HasCapability"],
    "DEFAULT_PAGINATION_CLASS": "tenants.pagination.CursorPagination",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "tenants.openapi.ApiSchema",
    "EXCEPTION_HANDLER": "tenants.errors.exception_handler",
    "PAGE_SIZE": 50,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "CallSphere API",
    "DESCRIPTION": "Connect carriers, watch trunks, and read what happened.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": [],
    "SERVE_AUTHENTICATION": [],
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "TrunkDirection": "trunks.enums.Direction",
        "CredentialDirection": "trunks.enums.CredentialDirection",
        "HealthState": "trunks.enums.HealthState",
        "SessionTimerMode": "trunks.enums.SessionTimerMode",
        "RefreshBy": "trunks.enums.RefreshBy",
        "RefreshMethod": "trunks.enums.RefreshMethod",
        "ClearedBecause": "trunks.enums.ClearedBecause",
        "CheckState": "trunks.enums.CheckState",
        "RegistrationState": "trunks.enums.RegistrationState",
        "ActorKind": "tenants.enums.ActorKind",
        "NumberFormat": "trunks.enums.NumberFormat",
        "NumberSource": "trunks.enums.NumberSource",
        "NumberState": "trunks.enums.NumberState",
        "NumberKind": "trunks.enums.NumberKind",
        "NumberSearchState": "trunks.enums.JobState",
        "PaperState": "trunks.enums.PaperState",
        "AgentRuntime": "agents.enums.Runtime",
        "AgentVoice": "agents.enums.Voice",
        "AgentModel": "agents.enums.RealtimeModel",
        "TurnDetection": "agents.enums.TurnDetection",
        "Eagerness": "agents.enums.Eagerness",
        "BuiltinTool": "agents.enums.BuiltinTool",
        "ToolInvocationKind": "agents.enums.InvocationKind",
        "ToolOutcome": "agents.enums.Outcome",
        "RouteAction": "agents.enums.RouteAction",
        "MachineAction": "callsphere.outbound.enums.MachineAction",
        "OutboundCallPurpose": "callsphere.outbound.enums.Purpose",
        "CampaignState": "callsphere.outbound.enums.CampaignState",
        "ContactState": "callsphere.outbound.enums.ContactState",
        "OutboundCallState": "callsphere.outbound.enums.OrderState",
        "EscalationState": "callsphere.escalations.enums.RunState",
        "EscalationAskState": "callsphere.escalations.enums.AskState",
        "EscalationStepKind": "callsphere.escalations.enums.StepKind",
        "CallEventKind": "callsphere.calls.enums.EventKind",
        "CallDirection": "callsphere.calls.enums.Direction",
        "CallAction": "callsphere.calls.enums.CallAction",
        "CallState": "callsphere.calls.enums.CallState",
        "CallOutcome": "callsphere.calls.enums.CallOutcome",
        "HungUpBy": "callsphere.calls.enums.HungUpBy",
        "LegKind": "callsphere.calls.enums.LegKind",
        "LegState": "callsphere.calls.enums.LegState",
        "SessionState": "callsphere.calls.enums.SessionState",
        "Speaker": "callsphere.calls.enums.Speaker",
        "CallbackState": "callsphere.calls.enums.CallbackState",
        "TextState": "callsphere.calls.enums.TextState",
        "ProvisionKind": "trunks.enums.ProvisionKind",
        "ProvisionState": "trunks.enums.ProvisionState",
        "DifferenceKind": "trunks.enums.DifferenceKind",
        "SubscriptionStatus": "billing.enums.Status",
        "SubscriptionStage": "billing.enums.Stage",
        "InvoiceStatus": "billing.enums.InvoiceStatus",
        "BillingActionKind": "billing.enums.RequestKind",
        "BillingActionState": "billing.enums.WorkState",
        "IncidentSeverity": "callsphere.alerts.enums.Severity",
        "IncidentState": "callsphere.alerts.enums.State",
        "IncidentResolution": "callsphere.alerts.enums.Resolution",
    },
    "PREPROCESSING_HOOKS": ["tenants.openapi.methods_in_order"],
    "SORT_OPERATIONS": False,
}

# Payments. Without a key nothing can be bought; a base URL leads to the stand-in, which charges nobody.

STRIPE_SECRET_KEY = env.secret("STRIPE_SECRET_KEY", "")
STRIPE_WEBHOOK_SECRET = env.secret("STRIPE_WEBHOOK_SECRET", "")
STRIPE_BASE_URL = env.text("STRIPE_BASE_URL", "").rstrip("/")
STRIPE_TAX = env.boolean("STRIPE_TAX", False)

# SIP and outgoing connections

NETGUARD_ALLOW = env.networks("NETGUARD_ALLOW")
SIP_NAMESERVERS = env.endpoints("SIP_NAMESERVERS")
SIP_CA_FILE = env.text("SIP_CA_FILE", "")
SIP_ADVERTISED_HOST = env.text("SIP_ADVERTISED_HOST", "")
SIP_OUTBOUND_PROXY = env.sip_uri("SIP_OUTBOUND_PROXY")
CARRIER_PRESETS = BASE_DIR / "trunks" / "presets"
SIP_SOURCE_ADDRESSES = env.networks("SIP_SOURCE_ADDRESSES")
REGISTER_RATE_PER_REGISTRAR = env.integer("REGISTER_RATE_PER_REGISTRAR", 20)
PROBE_RATE_PER_ADDRESS = env.integer("PROBE_RATE_PER_ADDRESS", 20)
SANDBOX = env.boolean("SANDBOX", False)
SANDBOX_PORT = env.integer("SANDBOX_PORT", 15060, minimum=1024, maximum=65535 - 99)
# Where the sandbox carriers of callsphere.local listen, and how each behaves, for the page that offers them.
SANDBOX_CARRIERS = {
    "Healthy": f"sip:127.0.0.1:{SANDBOX_PORT}",
    "Answers 503": f"sip:127.0.0.1:{SANDBOX_PORT + 10}",
    "Silent": f"sip:127.0.0.1:{SANDBOX_PORT + 20}",
    "Comes and goes": f"sip:127.0.0.1:{SANDBOX_PORT + 40}",
}

# Providers

TWILIO_ACCOUNT_SID = env.twilio_account("TWILIO_ACCOUNT_SID")
TWILIO_AUTH_TOKEN = env.secret("TWILIO_AUTH_TOKEN", "")
# Where Twilio's double answers instead of Twilio; `make run` sets it when no account is configured.
TWILIO_BASE_URL = env.web_address("TWILIO_BASE_URL")
TWILIO_TIMEOUT = env.integer("TWILIO_TIMEOUT", 15, minimum=1, maximum=60)
TWILIO_REQUESTS_AT_ONCE = env.integer("TWILIO_REQUESTS_AT_ONCE", 10, minimum=1, maximum=100)
# How many requests a second looking for drift makes, over all tenants and workers together.
TWILIO_SWEEP_RATE = env.integer("TWILIO_SWEEP_RATE", 20, minimum=1, maximum=1000)
# How many text messages a tenant's agents send within an hour, so that a model that goes wrong costs little.
TEXTS_PER_HOUR = env.integer("TEXTS_PER_HOUR", 60, minimum=1, maximum=100_000)
OPENAI_API_KEY = env.secret("OPENAI_API_KEY", "")
OPENAI_PROJECT_ID = env.openai_project("OPENAI_PROJECT_ID")
OPENAI_WEBHOOK_SECRET = env.webhook_secret("OPENAI_WEBHOOK_SECRET")
# Another region of OpenAI's, or where its double answers; `make run` sets it when no key is configured.
OPENAI_BASE_URL = env.web_address("OPENAI_BASE_URL")
OPENAI_SIP_HOST = env.text("OPENAI_SIP_HOST", "sip.api.openai.com")
# What models cost: as OpenAI publishes it, unless this file says otherwise.
OPENAI_PRICES = env.openai_prices("OPENAI_PRICES_FILE")
# How many calls one `manage.py realtime` holds; others hold what is more.
REALTIME_CALLS = env.integer("REALTIME_CALLS", 200, minimum=1, maximum=2000)

# Telemetry

LOG_FORMAT = env.choice("LOG_FORMAT", "json", ("json", "console"))
LOGGING = logs.configure(LOG_FORMAT)
SENTRY_DSN = env.secret("SENTRY_DSN", "")
logs.start_sentry(SENTRY_DSN)
PROMETHEUS_EXPORT_MIGRATIONS = False
METRICS_TOKEN = env.secret("METRICS_TOKEN", "")
SILENCED_SYSTEM_CHECKS: list[str] = []
