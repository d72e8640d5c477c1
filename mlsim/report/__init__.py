"""From a run folder to what an engineer forwards: figures, one HTML page, one terminal screen.

Everything here is a pure function of the folder that a run leaves behind, so `mlsim report` makes
the same bytes again from a stored run.
"""
