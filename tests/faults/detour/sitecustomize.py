"""Python runs this before anything else: web and worker reach Postgres through DETOUR, and mails leave by SMTP.

In a folder of its own, which a copy of the product has in its PYTHONPATH.
"""

import os
import re

if os.environ.get("DATABASE_URL") and os.environ.get("DETOUR"):
    hop = f"@127.0.0.1:{os.environ['DETOUR']}/"
    os.environ["DATABASE_URL"] = re.sub(r"@127\.0\.0\.1:\d+/", hop, os.environ["DATABASE_URL"])
    if os.environ.get("SMTP_URL"):
        os.environ.pop("MAIL_DIR", None)  # which development sets, and which would win
