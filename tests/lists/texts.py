"""Nicolas Seriot's JSONTestSuite, each text sent to the running server as a message.

Usage: texts.py PATH-OF-THE-SERVER-BINARY FOLDER-OF-THE-SUITE

By its name a text is JSON (y_), is not (n_), or may be taken for either (i_). What is not UTF-8 is closed
with 1007 whatever its name: RFC 6455 asks for that before anybody looks for JSON. The rest is answered with
one error: bad_json, or, as no text of the suite is a message of the protocol, bad_message. After each, an
ordinary message is answered.
"""

import asyncio
import collections
import json
import pathlib
import sys

import websockets

from server import SOON, running

# JSON to the suite, but not to us. docs/differences.md says why.
REFUSED_ALL_THE_SAME = {
    "y_object_duplicated_key.json": "a key twice",
    "y_object_duplicated_key_and_value.json": "a key twice",
}
ALLOWED = {"y": {"bad_message"}, "n": {"bad_json"}, "i": {"bad_message", "bad_json"}}
# Neither the size nor the number of these texts is what is tried here.
LIMITS = ["control-rate=100000", "message=1MiB"]


class Peer:
    """A client that has said hello, and comes again when it was closed."""

    def __init__(self, server):
        self.url, self.visits = server.url.replace("http:", "ws:") + "ws", 0

    async def enter(self):
        self.socket = await websockets.connect(self.url, compression=None)
        self.visits += 1
        await self.socket.send(json.dumps({"type": "hello", "user": f"peer{self.visits}"}))
        assert (await self.hear())["type"] == "welcome"

    async def hear(self):
        return json.loads(await asyncio.wait_for(self.socket.recv(), SOON))

    async def outcome(self, text):
        """What becomes of these bytes as a message: the code of an error, or of a Close."""
        try:
            await self.socket.send(text, text=True)
            answer = await self.hear()
            assert answer["type"] == "error", answer
            return answer["code"]
        except websockets.ConnectionClosed as closed:
            return closed.rcvd and closed.rcvd.code

    async def is_answered(self):
        await self.socket.send('{"type":"rooms"}')
        assert (await self.hear())["type"] == "rooms"


def expected(name, text):
    """What may become of a text."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return {1007}
    return {"bad_json"} if name in REFUSED_ALL_THE_SAME else ALLOWED[name[0]]


async def main():
    files = sorted(pathlib.Path(sys.argv[2]).glob("*.json"))
    assert len(files) == 318, f"the suite has 318 texts, not {len(files)}"
    counts, unexplained = collections.Counter(), []
    with running(sys.argv[1], *LIMITS) as server:
        peer = Peer(server)
        await peer.enter()
        for file in files:
            text = file.read_bytes()
            outcome = await peer.outcome(text)
            counts[outcome] += 1
            if outcome not in expected(file.name, text):
                unexplained.append(f"{file.name}: {outcome}")
            if outcome == 1007:
                await peer.enter()
            await peer.is_answered()
    for line in unexplained:
        print(line)
    print(f"{len(files)} texts: {counts['bad_message']} accepted as JSON, {counts['bad_json']} refused, "
          f"{counts[1007]} not UTF-8 and closed; {len(unexplained)} unexplained")
    return 1 if unexplained else 0


sys.exit(asyncio.run(main()))
