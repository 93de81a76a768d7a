"""The services: pure modules and, in `crvs_service`, the door for other addons."""
