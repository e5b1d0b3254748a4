# SPDX-License-Identifier: GPL-2.0-only
"""A file of outcomes, written line by line, so that an interrupted hunt can be continued."""

import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ksftci.errors import CiError
from plainprint.reason import reason

Entry = Mapping[str, Any]


class Journal:
    """JSON objects, one on each line; add() returns when a line is on the disk. A torn last line is ignored."""

    def __init__(self, path: Path) -> None:
        """Read the entries of an earlier hunt, if the file exists. Raises CiError when it cannot be read."""
        self.path = path
        self._lock = threading.Lock()
        self._entries: dict[str, Entry] = {}
        try:
            lines = path.read_bytes().decode("utf-8", "replace").split("\n") if path.exists() else []
        except OSError as error:
            raise CiError(f"{path}: {reason(error, path)}") from error
        self._torn = bool(lines and lines[-1])
        for line in lines:
            try:
                entry = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(entry, dict) and isinstance(entry.get("key"), str):
                self._entries[entry["key"]] = entry

    def get(self, *key: str) -> Entry | None:
        """The last entry with this key."""
        with self._lock:
            return self._entries.get(" ".join(key))

    def all(self, kind: str) -> list[Entry]:
        """The entries whose key begins with this word."""
        with self._lock:
            return [entry for key, entry in self._entries.items() if key.startswith(f"{kind} ")]

    def add(self, *key: str, **fields: Any) -> Entry:
        """Append an entry. Raises CiError when it cannot be written."""
        entry = {"key": " ".join(key), **fields}
        line = json.dumps(entry, ensure_ascii=False) + "\n"
        with self._lock:
            try:
                with self.path.open("a", encoding="utf-8") as file:
                    file.write("\n" + line if self._torn else line)
                    file.flush()
                    os.fsync(file.fileno())
            except OSError as error:
                raise CiError(f"{self.path}: cannot write there: {reason(error, self.path)}") from error
            self._torn = False
            self._entries[entry["key"]] = entry
        return entry
