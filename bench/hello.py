"""The least that Flask can do, on the same server: what a cached answer is compared with."""

from flask import Flask

app = Flask(__name__)


@app.get("/")
@app.get("/api/v1/health/ready")
def hello() -> str:
    """A few bytes."""
    return "Hello, World!"
