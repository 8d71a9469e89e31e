"""Photos of rooms and properties: what may be uploaded, in which order they stand, and where their files are.

`keeping.py` has what staff does, `making.py` what the worker makes of it, `shown.py` what guests see. A trigger keeps
the photos that are ready beside the room and the property (`rooms.photos`, `properties.photos`), so that a page finds
them in the row that it reads anyway (migration 0060).

A file stands under a key that no other file ever had: hash and chance. So whoever finds a key in no row may remove its
files, whatever is uploaded meanwhile. The same photo at two places has one key.
"""
