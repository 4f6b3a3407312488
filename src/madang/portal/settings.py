"""Django settings. Everything that differs between installations comes from the environment.

MADANG_DATA        the data folder (default ./var)
DATABASE_URL       the database as the application role; set by `madang up` for the embedded one
DATABASE_OWNER_URL the same database as its owner, for migrations only
MADANG_TEST        "1" allows a movable clock and secrets in declarations
MADANG_HOSTS       comma-separated host names of the portal (default: loopback)
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import django_stubs_ext

django_stubs_ext.monkeypatch()

DATA_DIR = Path(os.environ.get("MADANG_DATA", "var")).resolve()
TEST_MODE = os.environ.get("MADANG_TEST") == "1"


def _database(url: str) -> dict[str, object]:
    """A libpq address as Django wants it; a socket folder may stand in the query."""
    parts = urlsplit(url)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/") or "madang",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", parts.hostname or ""),
        "PORT": query.pop("port", str(parts.port or "")),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": query,
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

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "madang.parties",
    "madang.ledger",
    "madang.metering",
    "madang.review",
    "madang.programme",
]

MIDDLEWARE: list[str] = []
ROOT_URLCONF = "madang.portal.urls"

DATABASES = {
    "default": _database(os.environ.get("DATABASE_URL", "postgresql://madang_app@/madang"))
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "parties.Person"

LANGUAGE_CODE = "ko"
LANGUAGES = [("ko", "한국어"), ("en", "English")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Seoul"

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
