"""Nicolas Seriot's JSONTestSuite, each text sent to the running server as a message.

Usage: texts.py PATH-OF-THE-SERVER-BINARY FOLDER-OF-THE-SUITE

The name of a text says whether it is JSON (y_), is not (n_), or may be accepted or refused (i_). The server
closes the connection with 1007 for a text that is not UTF-8, whatever its name: RFC 6455 requires that before
any JSON is parsed. It answers each other text with one error: bad_json, or bad_message, as no text of the suite
is a message of the protocol. After each text, the server must answer an ordinary message.
"""

import asyncio
import collections
import json
import pathlib
import sys

import websockets

from server import TIMEOUT, running

# JSON in the suite, but refused by us. docs/differences.md says why.
VALID_BUT_REFUSED = {
    "y_object_duplicated_key.json": "a key twice",
    "y_object_duplicated_key_and_value.json": "a key twice",
}
ALLOWED = {"y": {"bad_message"}, "n": {"bad_json"}, "i": {"bad_message", "bad_json"}}
# This test is not about the size or the number of the texts, so these limits are high.
LIMITS = ["control-rate=100000", "message=1MiB"]


class Client:
    """A client that sends hello, and reconnects after it was closed."""

    def __init__(self, server):
        self.url, self.connections = server.url.replace("http:", "ws:") + "ws", 0

    async def connect(self):
        self.socket = await websockets.connect(self.url, compression=None)
        self.connections += 1
        await self.socket.send(json.dumps({"type": "hello", "user": f"client{self.connections}"}))
        assert (await self.receive())["type"] == "welcome"

    async def receive(self):
        return json.loads(await asyncio.wait_for(self.socket.recv(), TIMEOUT))

    async def outcome(self, text):
        """The answer to these bytes as a message: the code of an error, or of a Close."""
        try:
            await self.socket.send(text, text=True)
            answer = await self.receive()
            assert answer["type"] == "error", answer
            return answer["code"]
        except websockets.ConnectionClosed as closed:
            return closed.rcvd and closed.rcvd.code

    async def check_alive(self):
        await self.socket.send('{"type":"rooms"}')
        assert (await self.receive())["type"] == "rooms"


def expected(name, text):
    """The allowed outcomes for a text."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return {1007}
    return {"bad_json"} if name in VALID_BUT_REFUSED else ALLOWED[name[0]]


async def main():
    files = sorted(pathlib.Path(sys.argv[2]).glob("*.json"))
    assert len(files) == 318, f"the suite has 318 texts, not {len(files)}"
    counts, unexplained = collections.Counter(), []
    with running(sys.argv[1], *LIMITS) as server:
        client = Client(server)
        await client.connect()
        for file in files:
            text = file.read_bytes()
            outcome = await client.outcome(text)
            counts[outcome] += 1
            if outcome not in expected(file.name, text):
                unexplained.append(f"{file.name}: {outcome}")
            if outcome == 1007:
                await client.connect()
            await client.check_alive()
    for line in unexplained:
        print(line)
    print(f"{len(files)} texts: {counts['bad_message']} accepted as JSON, {counts['bad_json']} refused, "
          f"{counts[1007]} not UTF-8 and closed; {len(unexplained)} unexplained")
    return 1 if unexplained else 0


sys.exit(asyncio.run(main()))
