"""The web application, for a WSGI server and for `flask`."""

import gc
import os
import sys

from booking import create_app
from booking.config import Settings, SettingsError
from booking.infra import embedded, health

# While it starts, much is made and nothing thrown away: the collector's looking through it is a sixth of the work.
gc.disable()
if embedded.needed(sys.argv):
    try:
        embedded.provide(os.environ)
        app = create_app()
    except embedded.EmbeddedError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    except SettingsError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    with app.app_context():
        health.require_locale()
    # What lives as long as the process is not looked through again at every collection.
    gc.collect()
    gc.freeze()
else:
    app = create_app(Settings.unconnected())
gc.enable()
