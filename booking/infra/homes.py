"""Where a table lives, said by its `info`: {"info": GLOBAL}.

No statement touches the tables of two homes, but for those that tests/homes.py lists with their reasons.
"""

GLOBAL = {"home": "global"}  # every region sees the same: houses, rooms, nights
REGIONAL = {"home": "regional"}  # names, bookings and money of guests never leave their region
EACH = {"home": "each"}  # one in every home, written in the transaction of the change it tells of
