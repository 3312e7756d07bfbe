"""Bringing data in from other systems and taking it out: mappings, sources, imports, exports.

The command line and the web edge only ask and show; everything that decides is here.
"""
