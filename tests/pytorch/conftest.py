"""These tests need torch, which `make test-torch` installs; elsewhere they are not collected.

`make test-torch` names the folder and fails when it collects nothing.
"""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("torch") else ["test_*.py"]
