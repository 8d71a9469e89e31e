"""Reservations that were made elsewhere: read from a file, looked at, and taken over without being sold twice.

`rows` says what a row means, `outcomes` what has become or would become of it, `store` takes over; `files` keeps an
uploaded file while somebody looks at it.
"""
