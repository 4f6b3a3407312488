"""Grants: GPU-seconds given to an organisation for a time."""
