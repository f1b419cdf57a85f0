"""How the tests run: property tests draw the same cases each time, and other ones where HYPOTHESIS_PROFILE=explore."""

import os

from hypothesis import settings

collect_ignore = ["fuzz"]  # what test_damage.py imports, not tests

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", max_examples=500, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
