"""The ground floor: money, units, ids, clock, errors and the spine.

Standard library only. Every other room may import this one; it imports none.
"""
