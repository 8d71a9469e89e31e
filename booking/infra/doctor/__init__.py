"""Looks at everything this copy stands on, also when nothing of it works: `flask doctor` prints what it finds.

`report.py` runs the checks and gathers what they say; the other modules are the checks. None of them uses the
application's own pools and clients: those belong to an application that could start.
"""
