"""What the doors share: services of the application, requests, limits, and how errors become answers. No rules."""
