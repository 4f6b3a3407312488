"""Static files under names that carry their digest, so that browsers may keep them for good."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # untyped
    """Before `collectstatic` has run (tests, type checks) the plain names serve."""

    def stored_name(self, name: str) -> str:
        if not self.hashed_files:
            return name
        hashed: str = super().stored_name(name)
        return hashed
