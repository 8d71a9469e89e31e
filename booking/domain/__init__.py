"""Rules and use-cases. Knows no Flask, no Redis, no HTTP; doors call its verbs."""
