"""Django settings. Everything that differs between installations comes from the environment.

MADANG_DATA        the data folder (default ./var)
DATABASE_URL       the database as the application role; set by `madang up` for the embedded one
DATABASE_OWNER_URL the same database as its owner, for migrations only
MADANG_DATABASE_POOLED  "1" behind a pooler that gives each transaction another connection: no
                   statement is prepared then
MADANG_TEST        "1" allows a movable clock and secrets in declarations
MADANG_HOSTS       comma-separated host names of the portal (default: loopback)
MADANG_PORTAL_URL  the portal's address as people type it; https means secure cookies, HSTS
MADANG_GATEWAY_URL the gateway's address as clients type it, shown in the copy-paste examples
MADANG_MAIL_URL    smtp://USER:PASSWORD@HOST:PORT or smtps://…; without it no mail is sent;
                   file:FOLDER writes messages into a folder
MADANG_MAIL_FROM   the sender of notices
"""

from __future__ import annotations

import os
import secrets
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import django_stubs_ext
from csp.constants import NONE, SELF

from madang.portal.logs import logging_to_standard_output

django_stubs_ext.monkeypatch()

HERE = Path(__file__).parent
DATA_DIR = Path(os.environ.get("MADANG_DATA", "var")).resolve()
TEST_MODE = os.environ.get("MADANG_TEST") == "1"


PREPARE_THRESHOLD = 5
"""Of psycopg. What `core/prepared.py` sends is prepared at once; None forbids it."""


def _database(url: str) -> dict[str, object]:
    """A libpq address as Django wants it; a socket folder may stand in the query."""
    parts = urlsplit(url)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    is_pooled = os.environ.get("MADANG_DATABASE_POOLED") == "1"
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/") or "madang",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", parts.hostname or ""),
        "PORT": query.pop("port", str(parts.port or "")),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**query, "prepare_threshold": None if is_pooled else PREPARE_THRESHOLD},
    }


def _secret_key() -> str:
    """One key per installation, made at first use, readable by its owner only."""
    folder = DATA_DIR / "secrets"
    path = folder / "django"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text()


SECRET_KEY = os.environ.get("MADANG_SECRET_KEY") or _secret_key()
DEBUG = False
ALLOWED_HOSTS = os.environ.get("MADANG_HOSTS", "127.0.0.1,localhost,[::1]").split(",")

PORTAL_URL = os.environ.get("MADANG_PORTAL_URL", "http://127.0.0.1:8000").rstrip("/")
GATEWAY_URL = os.environ.get("MADANG_GATEWAY_URL", "http://127.0.0.1:8080").rstrip("/")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "csp",
    "procrastinate.contrib.django",
    "madang.parties",
    "madang.ledger",
    "madang.metering",
    "madang.review",
    "madang.programme",
    "madang.datahub",
    "madang.compute",
    "madang.testbed",
    "madang.portal",
]

MIDDLEWARE = [
    "madang.portal.middleware.observe.ObserveMiddleware",
    "madang.portal.middleware.language.LanguageMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "madang.portal.middleware.policy.PolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "madang.portal.middleware.remarks.RemarksMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "madang.portal.middleware.actor.ActorMiddleware",
    "madang.portal.middleware.nul.NulMiddleware",
    "madang.portal.middleware.bodies.BodyMiddleware",
    "madang.portal.middleware.refusals.RefusalMiddleware",
    "madang.portal.middleware.rooms.SecureRoomMiddleware",
    "madang.portal.middleware.idempotency.IdempotencyMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "madang.portal.urls"
WSGI_APPLICATION = "madang.portal.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": False,
        "DIRS": [HERE / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "madang.portal.context.page",
            ],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "builtins": ["madang.portal.templatetags.madang"],
        },
    }
]

DATABASES = {
    "default": _database(os.environ.get("DATABASE_URL", "postgresql://madang_app@/madang"))
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- what is done by the clock ------------------------------------------------------------
PROCRASTINATE_IMPORT_PATHS = ["madang.cli.duties"]

# --- who signs in -------------------------------------------------------------------------
AUTH_USER_MODEL = "parties.Person"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # first: it stops an address that guesses
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "desk"
LOGOUT_REDIRECT_URL = "front"
ACCOUNT_ADAPTER = "madang.portal.accounts.PersonAdapter"
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "madang.portal.way_in_keys.WayInKeys"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # no mail to whoever a stranger names
ACCOUNT_SESSION_REMEMBER = False
PASSWORD_RESET_TIMEOUT = 3 * 86_400
ACCOUNT_USER_DISPLAY = "madang.portal.accounts.display_name"
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Madang"
MFA_TOTP_TOLERANCE = 1  # a phone may be 30 seconds off
MFA_ADAPTER = "madang.portal.accounts.SealedMfaAdapter"
CACHES = {
    "default": {  # allauth's alone: used codes, wrong sign-ins
        "BACKEND": "madang.portal.counters.Counters",
        "LOCATION": str(DATA_DIR / "run" / "portal-counters"),
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
}
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_FORM_FIELD = "login"
AXES_RESET_ON_SUCCESS = True
AXES_HTTP_RESPONSE_CODE = 429
AXES_LOCKOUT_TEMPLATE = "account/locked.html"
AXES_ENABLE_ACCESS_FAILURE_LOG = False
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False

# --- e-mail -------------------------------------------------------------------------------
MAIL = urlsplit(os.environ.get("MADANG_MAIL_URL", ""))
MAIL_IS_ON = MAIL.scheme in {"smtp", "smtps", "file"}
EMAIL_BACKEND = "django.core.mail.backends." + {
    "smtp": "smtp.EmailBackend",
    "smtps": "smtp.EmailBackend",
    "file": "filebased.EmailBackend",
}.get(MAIL.scheme, "dummy.EmailBackend")
EMAIL_HOST, EMAIL_PORT = MAIL.hostname or "", MAIL.port or 25
EMAIL_HOST_USER = unquote(MAIL.username or "")
EMAIL_HOST_PASSWORD = unquote(MAIL.password or "")
EMAIL_USE_SSL = MAIL.scheme == "smtps"
EMAIL_USE_TLS = MAIL.scheme == "smtp" and "starttls" in parse_qs(MAIL.query)
EMAIL_FILE_PATH = MAIL.path or None
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = os.environ.get("MADANG_MAIL_FROM", "madang@localhost")
MAIL_DOMAIN = DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">")

# --- what a browser is told ---------------------------------------------------------------
_HTTPS = PORTAL_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 8 * 3600  # one working day
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_TRUSTED_ORIGINS = [PORTAL_URL]
CSRF_FAILURE_VIEW = "madang.portal.pages.failures.csrf_failed"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- how much we take in ------------------------------------------------------------------
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
DATA_UPLOAD_MAX_NUMBER_FILES = 10

# --- two languages ------------------------------------------------------------------------
LANGUAGE_CODE = "ko"
LANGUAGES = [("ko", "한국어"), ("en", "English")]
LANGUAGE_COOKIE_AGE = 31_536_000
LOCALE_PATHS = [HERE / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Seoul"

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "objects"},
    },
    "staticfiles": {"BACKEND": "madang.portal.storage.HashedStaticStorage"},
}

LOGGING = logging_to_standard_output()
SILENCED_SYSTEM_CHECKS: list[str] = []

DATAHUB_STORE = os.environ.get("MADANG_DATAHUB_STORE", "")
"""An address such as s3://bucket/prefix; empty: a folder of the data folder."""
