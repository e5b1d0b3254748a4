# SPDX-License-Identifier: GPL-2.0-only
"""Short names for long contents."""

import hashlib

CACHE = 12  # hexadecimal digits of a name in the cache
JOURNAL = 16  # of a key in a journal that is committed


def digest(*parts: str | bytes, length: int = CACHE) -> str:
    """The first digits of the SHA-256 of the parts with a NUL between them."""
    content = b"\0".join(part.encode() if isinstance(part, str) else part for part in parts)
    return hashlib.sha256(content).hexdigest()[:length]
