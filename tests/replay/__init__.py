"""A recorded booking history through the booking core, with answers that are known beforehand: `make replay`."""
