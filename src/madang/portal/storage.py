"""Static files under names that carry their digest, so that browsers may keep them for good."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticStorage(CompressedManifestStaticFilesStorage):
    """Before `collectstatic` has run (tests, type checks) the plain names serve."""

    manifest_strict = False
