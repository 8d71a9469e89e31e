"""The parts that a room's picture is put together from: dice, colours, views, furniture, arrangement."""
