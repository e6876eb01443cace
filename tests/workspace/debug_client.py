"""A client of the debug adapter, for tests of `launch.json`: start a configuration, stop, look, go on to the end.

It speaks the Debug Adapter Protocol as an editor does: messages of JSON behind a `Content-Length` header.
"""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Any

Json = dict[str, Any]


def read_jsonc(path: Path) -> Any:
    """Read JSON with comments and trailing commas, as the editor does."""
    text = path.read_text(encoding="utf-8")
    for dropped in (r"//[^\n]*", r",(?=\s*[\]}])"):
        text = re.sub(r'("(?:\\.|[^"\\])*")|' + dropped, lambda match: match[1] or "", text)
    return json.loads(text)


def filled_in(configuration: Json, variables: dict[str, str]) -> Json:
    """Replace `${name}` in all strings. Raises KeyError for a variable without a value."""
    text = re.sub(r"\$\{([\w:]+)\}", lambda match: json.dumps(variables[match[1]])[1:-1], json.dumps(configuration))
    return dict(json.loads(text))


class DebugClient:
    """One program under the debugger: launched by an adapter of ours, or attached to where it listens."""

    def __init__(self, configuration: Json, breakpoints: dict[Path, list[int]]) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        attach = configuration.get("connect")
        self.reader, self.writer = self._connected(attach) if attach else self._adapter()
        self.sent = 0
        self.events: list[Json] = []
        try:
            self._start(configuration, breakpoints)
        except BaseException:
            self.close()
            raise

    def _adapter(self) -> tuple[IO[bytes], IO[bytes]]:
        learner = {name: value for name, value in os.environ.items() if name != "TINYTORCH"}  # the program inherits it
        command = [sys.executable, "-m", "debugpy.adapter"]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=learner)
        assert self.process.stdin
        assert self.process.stdout
        return self.process.stdout, self.process.stdin

    def _connected(self, place: Json) -> tuple[IO[bytes], IO[bytes]]:
        """Connect as soon as the program listens."""
        for _ in range(100):
            try:
                with socket.create_connection((place["host"], place["port"])) as connection:
                    return connection.makefile("rb"), connection.makefile("wb")
            except ConnectionRefusedError:
                time.sleep(0.1)
        raise AssertionError(f"nothing listens at {place}")

    def _start(self, configuration: Json, breakpoints: dict[Path, list[int]]) -> None:
        self.request("initialize", adapterID="debugpy", pathFormat="path")
        here = {"python": [sys.executable], "console": "internalConsole", "redirectOutput": True}
        launched = self.send(configuration["request"], {**configuration, **here})
        if configuration.get("noDebug"):
            self.response(launched)
            return
        self.event("initialized")
        for path, lines in breakpoints.items():
            self.request("setBreakpoints", source={"path": str(path)}, breakpoints=[{"line": n} for n in lines])
        self.request("configurationDone")
        self.response(launched)

    def send(self, command: str, arguments: Json) -> int:
        """Send a request and return its number."""
        self.sent += 1
        message = {"seq": self.sent, "type": "request", "command": command, "arguments": arguments}
        body = json.dumps(message).encode()
        self.writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.writer.flush()
        return self.sent

    def read(self) -> Json:
        """Return the next message."""
        header = self.reader.readline() + self.reader.readline()  # the length, and an empty line
        assert header, "the debug adapter ended"
        return dict(json.loads(self.reader.read(int(header.split(b":")[1]))))

    def response(self, number: int) -> Json:
        """Wait for the answer to a request; events that come before it are kept."""
        while (message := self.read()).get("request_seq") != number:
            self.events.append(message)
        assert message["success"], message
        return dict(message.get("body") or {})

    def request(self, command: str, **arguments: Any) -> Json:
        """Send a request and return its answer."""
        return self.response(self.send(command, arguments))

    def event(self, name: str) -> Json:
        """Wait for an event and return its body."""
        while True:
            for i, message in enumerate(self.events):
                if message.get("event") == name:
                    del self.events[i]
                    return dict(message.get("body") or {})
            self.events.append(self.read())

    def stop(self) -> tuple[list[str], dict[str, str]]:
        """Wait for a stop; return the stack as "file:line function", innermost first, and the local variables."""
        thread = self.event("stopped")["threadId"]
        frames = self.request("stackTrace", threadId=thread)["stackFrames"]
        scope = self.request("scopes", frameId=frames[0]["id"])["scopes"][0]["variablesReference"]
        values = {v["name"]: v["value"] for v in self.request("variables", variablesReference=scope)["variables"]}
        self.thread = thread
        return [f"{frame['source']['path']}:{frame['line']} {frame['name']}" for frame in frames], values

    def finish(self) -> tuple[int, str]:
        """Go on to the end; return the exit code and what was printed."""
        self.request("continue", threadId=self.thread)
        return self.end()

    def end(self) -> tuple[int, str]:
        """Wait for the end of what runs; return the exit code and what was printed."""
        code = int(self.event("exited")["exitCode"])
        self.event("terminated")
        printed = [m["body"]["output"] for m in self.events if m.get("event") == "output"]
        self.close()
        return code, "".join(printed)

    def close(self) -> None:
        """Leave nothing running that this client started."""
        with contextlib.suppress(OSError, ValueError):  # it has ended, or was closed already
            self.send("disconnect", {"terminateDebuggee": True})
            self.writer.close()
        if self.process and self.process.poll() is None:
            try:
                self.process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.reader.close()
