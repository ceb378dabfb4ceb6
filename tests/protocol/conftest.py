"""How properties are tried: without a deadline, since the machine may be busy."""

from hypothesis import settings

settings.register_profile("codesync", deadline=None, print_blob=True)
settings.load_profile("codesync")
