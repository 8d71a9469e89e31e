"""How quick it is, beside what Postgres alone would do with the same statements."""
