DEMO_GUEST = ("guest@example.com", "guest's password")
DEMO_OWNER = ("owner@example.com", "owner's password")
