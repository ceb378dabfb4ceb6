"""What the client's tests share: properties without a deadline, and no blocking of the loop."""

from hypothesis import settings

settings.register_profile("codesync", deadline=None, print_blob=True)
settings.load_profile("codesync")
