"""A client made with another library (`websockets`) joins, posts, loses its connection and resumes.

Usage: third_party_client.py PATH-OF-THE-SERVER-BINARY
"""

import asyncio
import json
import subprocess
import sys
import tempfile

import websockets

TIMEOUT = 10


class Client:
    """One connection: sends and receives JSON."""

    def __init__(self, socket):
        self.socket = socket

    @classmethod
    async def hello(cls, url, **fields):
        # It offers compression and a subprotocol, as libraries do; the server accepts neither.
        client = cls(await websockets.connect(url, subprotocols=["chat"]))
        assert client.socket.subprotocol is None
        assert client.socket.protocol.extensions == []
        await client.send(type="hello", agent="bot", **fields)
        welcome = await client.receive()
        assert welcome["type"] == "welcome", welcome
        client.token = welcome["token"]
        return client

    async def send(self, **message):
        await self.socket.send(json.dumps(message))

    async def receive(self):
        return json.loads(await asyncio.wait_for(self.socket.recv(), TIMEOUT))

    async def receive_posts(self, count):
        posts = []
        while len(posts) < count:
            message = await self.receive()
            if message["type"] == "post":
                posts.append(message)
        return posts


async def joins_posts_and_resumes(url):
    alice = await Client.hello(url, user="alice", join=[{"room": "lobby"}])
    joined = await alice.receive()
    assert (joined["type"], joined["head"]) == ("joined", 0), joined
    bob = await Client.hello(url, user="bob", join=[{"room": "lobby"}])
    log = (await bob.receive())["log"]

    for number in range(10):
        await alice.send(type="post", room="lobby", cid=f"a-{number}", text=f"line {number} ✓")
    seen = await bob.receive_posts(10)
    assert seen == await alice.receive_posts(10), "all clients receive the same records in one order"
    assert [post["seq"] for post in seen] == list(range(1, 11))

    bob.socket.transport.abort()  # the connection is cut, without a Close
    for number in range(10, 20):
        await alice.send(type="post", room="lobby", cid=f"a-{number}", text=f"line {number} ✓")
    missed = await alice.receive_posts(10)

    bob = await Client.hello(
        url, user="bob", token=bob.token, join=[{"room": "lobby", "since": 10, "log": log}]
    )
    joined = await bob.receive()
    assert (joined["since"], joined["reset"]) == (10, False), joined
    assert await bob.receive_posts(10) == missed, "the records it missed, once and in order"
    await bob.send(type="post", room="lobby", cid="b-0", text="back")
    assert (await alice.receive_posts(1))[0]["seq"] == 21
    await bob.socket.close(1000)
    assert bob.socket.close_code == 1000


async def gets_a_pong(url):
    client = await Client.hello(url, user="carol")
    pong = await client.socket.ping(b"are you there")
    await asyncio.wait_for(pong, TIMEOUT)


async def posts_the_longest_text_and_no_longer_one(url):
    client = await Client.hello(url, user="dave", join=[{"room": "big"}])
    await client.receive()
    text = "é" * 2_048  # 4,096 bytes: the longest text
    await client.send(type="post", room="big", cid="1", text=text)
    assert (await client.receive_posts(1))[0]["text"] == text
    await client.send(type="post", room="big", cid="2", text=text + "!")
    assert (await client.receive())["code"] == "too_long"


async def main():
    data = tempfile.TemporaryDirectory()
    server = subprocess.Popen(
        [sys.argv[1], "--bind", "127.0.0.1:0", "--rate", "0", "--data", data.name],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        url = server.stdout.readline().strip().replace("http:", "ws:") + "ws"
        cases = [joins_posts_and_resumes, gets_a_pong, posts_the_longest_text_and_no_longer_one]
        for case in cases:
            await case(url)
            print(f"ok {case.__name__}")
        print(f"third-party client: {len(cases)} passed, 0 failed")
    finally:
        server.kill()
        server.wait()


asyncio.run(main())
