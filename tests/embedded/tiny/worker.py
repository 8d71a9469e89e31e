"""A worker. With a DEAF variable it has a job in a process group of its own, and both ignore TERM."""

import os
import signal
import time

if os.environ.get("DEAF"):
    if os.fork() == 0:
        os.setpgrp()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
while True:
    time.sleep(1)
