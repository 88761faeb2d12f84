"""A client made with another library (`websockets`), through a proxy or directly."""

import asyncio
import json

import websockets

from behind.docs import NAME
from behind.processes import TIMEOUT


def over_tls(proxy, origin=None, **options):
    """A WebSocket over TLS, as our page opens it."""
    return websockets.connect(
        f"wss://{NAME}:{proxy.tls_port}/ws", host="127.0.0.1", port=proxy.tls_port, ssl=proxy.trust,
        origin=origin or f"https://{NAME}:{proxy.tls_port}", server_hostname=NAME,
        max_size=None, **options,
    )


def without_tls(port, host="127.0.0.1", **options):
    """A WebSocket without TLS and without an Origin, for this host."""
    return websockets.connect(
        f"ws://{host}:{port}/ws", host="127.0.0.1", port=port, max_size=None, **options,
    )


class Client:
    """A user: sends and receives JSON on one connection, and remembers what it needs to resume on the next."""

    def __init__(self, user):
        self.user, self.token, self.log, self.last = user, None, None, None
        self.count = 0

    async def join_lobby(self, connecting):
        """Connects, sends hello and joins the lobby after the last record it has received."""
        self.socket = await connecting
        join = {"room": "lobby"}
        if self.log:
            join |= {"since": self.last, "log": self.log}
        hello = {"user": self.user, "join": [join]}
        await self.send(type="hello", **hello, **({"token": self.token} if self.token else {}))
        self.token = (await self.receive("welcome"))["token"]
        joined = await self.receive("joined")
        assert self.last is None or (joined["since"], joined["reset"]) == (self.last, False), joined
        self.log, self.last = joined["log"], joined["since"]
        self.head = joined["head"]

    async def send(self, **message):
        await self.socket.send(json.dumps(message))

    async def receive(self, kind):
        """The next message of this type. No record may be missing among the posts received before it."""
        while True:
            message = json.loads(await asyncio.wait_for(self.socket.recv(), TIMEOUT))
            if message["type"] == "post":
                assert message["seq"] == self.last + 1, (self.last, message["seq"])
                self.last = message["seq"]
            if message["type"] == kind:
                return message

    async def post(self, text):
        """Posts a message, and waits until it is stored."""
        self.count += 1
        cid = f"{self.user}-{self.count}"
        await self.send(type="post", room="lobby", cid=cid, text=text)
        while True:
            record = await self.receive("post")
            if record["cid"] == cid:
                return record


async def status_of(connecting):
    """The status of the answer to a connection attempt, and the WebSocket if it is 101."""
    try:
        return 101, await connecting
    except websockets.InvalidStatus as refused:
        return refused.response.status_code, None
