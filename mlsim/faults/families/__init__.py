"""Families of faults: what kinds have in common that break the same mechanism.

Not kinds themselves: a new kind takes the family that fits, and adds what is its own.
"""
