"""A client of somebody else's library, through a proxy or past it."""

import asyncio
import json

import websockets

from behind.docs import NAME
from behind.running import SOON


def over_tls(front, origin=None, **options):
    """A WebSocket as a page of ours opens it, over TLS."""
    return websockets.connect(
        f"wss://{NAME}:{front.tls_port}/ws", host="127.0.0.1", port=front.tls_port, ssl=front.trust,
        origin=origin or f"https://{NAME}:{front.tls_port}", server_hostname=NAME,
        max_size=None, **options,
    )


def plainly(port, host="127.0.0.1", **options):
    """One without TLS, from no page, asking for this host."""
    return websockets.connect(
        f"ws://{host}:{port}/ws", host="127.0.0.1", port=port, max_size=None, **options,
    )


class Peer:
    """One connection: says and hears JSON, and remembers what it takes to resume."""

    def __init__(self, user):
        self.user, self.token, self.log, self.last = user, None, None, None
        self.count = 0

    async def enter(self, connecting):
        """Says hello and joins the lobby, after the last line it has seen."""
        self.socket = await connecting
        join = {"room": "lobby"}
        if self.log:
            join |= {"since": self.last, "log": self.log}
        hello = {"user": self.user, "join": [join]}
        await self.say(type="hello", **hello, **({"token": self.token} if self.token else {}))
        self.token = (await self.hear("welcome"))["token"]
        joined = await self.hear("joined")
        assert self.last is None or (joined["since"], joined["reset"]) == (self.last, False), joined
        self.log, self.last = joined["log"], joined["since"]
        self.head = joined["head"]

    async def say(self, **message):
        await self.socket.send(json.dumps(message))

    async def hear(self, kind):
        """The next message of this type. Lines that come on the way stand without a hole."""
        while True:
            message = json.loads(await asyncio.wait_for(self.socket.recv(), SOON))
            if message["type"] == "post":
                assert message["seq"] == self.last + 1, (self.last, message["seq"])
                self.last = message["seq"]
            if message["type"] == kind:
                return message

    async def post(self, text):
        """Posts a line, and waits until it is stored."""
        self.count += 1
        cid = f"{self.user}-{self.count}"
        await self.say(type="post", room="lobby", cid=cid, text=text)
        while True:
            record = await self.hear("post")
            if record["cid"] == cid:
                return record


async def status_of(connecting):
    """What an attempt to connect is answered, as a status; if it is a WebSocket, that too."""
    try:
        return 101, await connecting
    except websockets.InvalidStatus as refused:
        return refused.response.status_code, None
