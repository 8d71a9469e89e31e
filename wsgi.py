"""The web application, for a WSGI server and for `flask`."""

import os
import sys

from booking import create_app
from booking.infra import embedded

if "--help" not in sys.argv:
    embedded.provide(os.environ)

app = create_app()
