# SPDX-License-Identifier: GPL-2.0-only
"""Why a file cannot be read or written, and what its user can do."""

from __future__ import annotations

import difflib
import errno
import os

_ADVICE = {
    errno.EISDIR: "name a file",
    errno.ENOTDIR: "a part of this path is a file; name another one",
    errno.EACCES: "change its permissions with chmod, or run as its owner",
    errno.EPERM: "change its permissions with chmod, or run as its owner",
    errno.ENOSPC: "make room, or name another place",
    errno.EDQUOT: "make room, or name another place",
    errno.EROFS: "name another place",
    errno.EEXIST: "a part of this path is a file; name another one",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ELOOP: "the links lead in a circle; name the file itself",
    errno.ETXTBSY: "it is running; end it first",
}
_MOST_NAMES = 1000  # that are compared with a name


def reason(error: OSError, path: str | os.PathLike[str] = "") -> str:
    """``No such file or directory; did you mean "good.log"?``, without the path itself."""
    text = error.strerror or str(error)
    if error.errno == errno.ENOENT:
        return f"{text}; {_what_there_is(os.fspath(path))}"
    advice = _ADVICE.get(error.errno or 0, "check the path" if path else "")
    return f"{text}; {advice}" if advice else text


def _what_there_is(path: str) -> str:
    """What is near a path at which there is nothing."""
    folder, name = os.path.split(os.path.normpath(path)) if path else ("", "")
    try:
        names = os.listdir(folder or ".")[:_MOST_NAMES]
    except OSError:
        if os.path.dirname(folder) == folder:
            return "check the path"
        return f"there is no folder {folder}; check the path"
    stems = {os.path.splitext(other)[0]: other for other in sorted(names)}  # all endings are alike
    close = difflib.get_close_matches(os.path.splitext(name)[0], stems, n=1)
    return f'did you mean "{os.path.join(folder, stems[close[0]])}"?' if close else "check the path"
