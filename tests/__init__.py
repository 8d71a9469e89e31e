import gc

# Test modules are made to stay: the collector need not look through them a hundred times while they are imported.
gc.set_threshold(100_000, 50, 50)
