"""Settings of property tests: no deadline, because the machine may be busy."""

from hypothesis import settings

settings.register_profile("codesync", deadline=None, print_blob=True)
settings.load_profile("codesync")
