"""The ground floor: the outside world behind small functions. Knows no rules."""
