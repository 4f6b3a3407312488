"""Floor 1: who takes part, and what everyone else stands on.

Organisations, people, memberships and roles, suppliers, relationships, documents, notices,
events, workflow tables and versioned policy.
"""
