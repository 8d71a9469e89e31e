"""The parts that a room's picture is put together from: dice, colours, paper, views, furniture, and their arrangement."""
