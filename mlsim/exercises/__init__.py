"""Exercises: a system, faults that nobody tells about, a budget, and points for who notices.

An exercise is a folder (see `catalogue/`). Students get what lies in its `handed_out/` and a sealed
file with the practice faults; hidden faults and the solution stay with the teacher.
"""
