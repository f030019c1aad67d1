"""The part of the scheduler that has to be Python: it calls the installed Dask's own functions.

The server sends these modules to a Python of the user's environment, where they run as the package ``csds_helper``
(see ``bootstrap.py`` and docs/helper-protocol.md). Nothing but the standard library and what ``distributed`` itself
depends on may be imported here, and everything has to run on Python 3.9 and later.
"""
