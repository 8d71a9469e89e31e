"""Pictures that somebody has sent: looked at without being decoded, then made anew in a process of its own.

`looking.py` reads no pixel, so that a web process can afford it and a decoder's fault cannot hurt it. `encoding.py` is
the program that decodes, and `making.py` runs it with limits of memory and time.
"""

from booking.infra.pictures.looking import FORMATS, Looked, Unfit, look
from booking.infra.pictures.making import Interrupted, Made, Unreadable, make

__all__ = ["FORMATS", "Interrupted", "Looked", "Made", "Unfit", "Unreadable", "look", "make"]
