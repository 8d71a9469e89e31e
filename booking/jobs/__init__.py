"""What the worker runs: a ticker that finds what is due, and the jobs that do it. The queue in between may be lost."""
