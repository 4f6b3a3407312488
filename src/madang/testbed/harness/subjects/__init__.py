"""Adapters: how each kind of system under test is asked a sample."""
