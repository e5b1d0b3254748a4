# SPDX-License-Identifier: GPL-2.0-only
"""An editor, as far as a language server can tell: it opens a file, points somewhere, and is told what to show."""

from __future__ import annotations

import json
import subprocess
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.readers.readers import package

SECONDS = 120  # the server may need most of them on a busy machine; it is killed then
SETTINGS = {"validate": True, "completion": True, "hover": True, "schemaStore": {"enable": False}}
CAPABILITIES = {
    "hover": {"contentFormat": ["plaintext"]},
    "completion": {"completionItem": {"documentationFormat": ["plaintext"]}},
}


class Editor:
    """Speaks the Language Server Protocol with yaml-language-server; lines and columns count from 0."""

    def __init__(self) -> None:
        server = package("yaml-language-server") / "bin/yaml-language-server"
        self._server = subprocess.Popen(["node", str(server), "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._timer = threading.Timer(SECONDS, self._server.kill)
        self._requests = 0

    def __enter__(self) -> Self:
        self._timer.start()
        self._ask("initialize", processId=None, rootUri=None, capabilities={"textDocument": CAPABILITIES})
        self._send(method="initialized", params={})
        self._send(method="workspace/didChangeConfiguration", params={"settings": {"yaml": SETTINGS}})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        self._server.kill()
        self._server.communicate()

    def open(self, path: Path, text: str) -> list[tuple[int, str]]:
        """Open a file that has this text, whatever is on the disk; returns the line and the message of each mistake."""
        document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": text}
        self._send(method="textDocument/didOpen", params={"textDocument": document})
        while True:
            message = self._receive()
            if message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == path.as_uri():
                return [
                    (found["range"]["start"]["line"], found["message"]) for found in message["params"]["diagnostics"]
                ]

    def complete(self, path: Path, line: int, column: int) -> dict[str, str]:
        """What may stand at a place, with what is shown beside it; of what comes twice, the last."""
        found = self._ask("textDocument/completion", **_place(path, line, column))
        return {item["label"]: item.get("documentation", "") for item in found["items"]}

    def hover(self, path: Path, line: int, column: int) -> str:
        """What is shown of the word at a place."""
        found = self._ask("textDocument/hover", **_place(path, line, column))
        return str(found["contents"]["value"]) if found else ""

    def _ask(self, method: str, **params: Any) -> Any:
        self._requests += 1
        self._send(id=self._requests, method=method, params=params)
        while True:
            message = self._receive()
            if message.get("id") == self._requests and "method" not in message:
                return message["result"]

    def _send(self, **message: Any) -> None:
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._server.stdin
        self._server.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(data), data))
        self._server.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        """The next message; what the server asks for itself is answered."""
        assert self._server.stdout
        length = 0
        while header := self._server.stdout.readline().strip():
            name, _, value = header.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        assert length, "the server has ended"
        message: dict[str, Any] = json.loads(self._server.stdout.read(length))
        if "id" in message and "method" in message:
            asked = message["params"].get("items", []) if message["method"] == "workspace/configuration" else []
            settings = [SETTINGS if item.get("section") == "yaml" else {} for item in asked]
            self._send(id=message["id"], result=settings or None)
        return message


def _place(path: Path, line: int, column: int) -> dict[str, Any]:
    return {"textDocument": {"uri": path.as_uri()}, "position": {"line": line, "character": column}}
