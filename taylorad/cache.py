"""The disk cache of compiled code: ``info()`` tells where it is and what it holds, ``clear()`` empties it.

The directory is ``TAYLORAD_CACHE_DIR``, or the user's cache directory.
"""

from taylorad.run.cache import Info, clear, info

__all__ = ["Info", "clear", "info"]
