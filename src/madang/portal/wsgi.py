"""The portal as gunicorn starts it: `gunicorn -c python:madang.portal.gunicorn_conf …`."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "madang.portal.settings")

application = get_wsgi_application()
