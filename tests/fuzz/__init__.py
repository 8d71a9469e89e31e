"""Whatever is sent, right or wrong or broken: `make fuzz`."""
