# SPDX-License-Identifier: GPL-2.0-only
"""Short names for contents."""

import hashlib

CACHE = 12  # hexadecimal digits of a name in the cache


def digest(*parts: str | bytes, length: int = CACHE) -> str:
    """The first `length` hexadecimal digits of the SHA-256 of the parts, joined by NUL bytes; text is UTF-8."""
    content = b"\0".join(part.encode() if isinstance(part, str) else part for part in parts)
    return hashlib.sha256(content).hexdigest()[:length]
