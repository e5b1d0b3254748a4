# SPDX-License-Identifier: GPL-2.0-only
"""What is known already, line by line in a file, so that an interrupted comparison goes on where it was."""

import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ksftci.errors import CiError

Entry = Mapping[str, Any]


class Journal:
    """JSON objects, one a line; each is on the disk before the next thing is done. The last line may be torn."""

    def __init__(self, path: Path) -> None:
        """Raises CiError when it cannot be read."""
        self.path = path
        self._lock = threading.Lock()
        self._entries: dict[str, Entry] = {}
        try:
            lines = path.read_bytes().decode("utf-8", "replace").split("\n") if path.exists() else []
        except OSError as error:
            raise CiError(f"{path}: {error.strerror}") from error
        self._torn = bool(lines and lines[-1])
        for line in lines:
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if isinstance(entry, dict) and "key" in entry:
                self._entries[entry["key"]] = entry

    def get(self, *key: str) -> Entry | None:
        """The last entry of this key."""
        with self._lock:
            return self._entries.get(" ".join(key))

    def all(self, kind: str) -> list[Entry]:
        """The entries whose key begins with this word."""
        with self._lock:
            return [entry for key, entry in self._entries.items() if key.startswith(f"{kind} ")]

    def add(self, *key: str, **fields: Any) -> Entry:
        """Keep an entry. Raises CiError when it cannot be written."""
        entry = {"key": " ".join(key), **fields}
        line = json.dumps(entry, ensure_ascii=False) + "\n"
        with self._lock:
            try:
                with self.path.open("a", encoding="utf-8") as file:
                    file.write("\n" + line if self._torn else line)
                    file.flush()
                    os.fsync(file.fileno())
            except OSError as error:
                raise CiError(f"{self.path}: cannot write there: {error.strerror}") from error
            self._torn = False
            self._entries[entry["key"]] = entry
        return entry
