"""A client that is not ours (the `websockets` library) joins, talks, is cut off and resumes.

Usage: talk.py PATH-OF-THE-SERVER-BINARY
"""

import asyncio
import json
import subprocess
import sys
import tempfile

import websockets

SOON = 10


class Peer:
    """One connection: says and hears JSON."""

    def __init__(self, socket):
        self.socket = socket

    @classmethod
    async def hello(cls, url, **fields):
        # Compression and a subprotocol are offered, as libraries do; the server takes neither.
        peer = cls(await websockets.connect(url, subprotocols=["chat"]))
        assert peer.socket.subprotocol is None
        assert peer.socket.protocol.extensions == []
        await peer.say(type="hello", agent="bot", **fields)
        welcome = await peer.hear()
        assert welcome["type"] == "welcome", welcome
        peer.token = welcome["token"]
        return peer

    async def say(self, **message):
        await self.socket.send(json.dumps(message))

    async def hear(self):
        return json.loads(await asyncio.wait_for(self.socket.recv(), SOON))

    async def hear_posts(self, count):
        posts = []
        while len(posts) < count:
            message = await self.hear()
            if message["type"] == "post":
                posts.append(message)
        return posts


async def joins_talks_and_resumes(url):
    alice = await Peer.hello(url, user="alice", join=[{"room": "lobby"}])
    joined = await alice.hear()
    assert (joined["type"], joined["head"]) == ("joined", 0), joined
    bob = await Peer.hello(url, user="bob", join=[{"room": "lobby"}])
    log = (await bob.hear())["log"]

    for number in range(10):
        await alice.say(type="post", room="lobby", cid=f"a-{number}", text=f"line {number} ✓")
    seen = await bob.hear_posts(10)
    assert seen == await alice.hear_posts(10), "the same records, in one order"
    assert [post["seq"] for post in seen] == list(range(1, 11))

    bob.socket.transport.abort()  # the line is cut, without a farewell
    for number in range(10, 20):
        await alice.say(type="post", room="lobby", cid=f"a-{number}", text=f"line {number} ✓")
    missed = await alice.hear_posts(10)

    bob = await Peer.hello(
        url, user="bob", token=bob.token, join=[{"room": "lobby", "since": 10, "log": log}]
    )
    joined = await bob.hear()
    assert (joined["since"], joined["reset"]) == (10, False), joined
    assert await bob.hear_posts(10) == missed, "what it missed, once and in order"
    await bob.say(type="post", room="lobby", cid="b-0", text="back")
    assert (await alice.hear_posts(1))[0]["seq"] == 21
    await bob.socket.close(1000)
    assert bob.socket.close_code == 1000


async def keeps_alive_by_pings(url):
    peer = await Peer.hello(url, user="carol")
    pong = await peer.socket.ping(b"are you there")
    await asyncio.wait_for(pong, SOON)


async def large_and_compressed_offers_are_fine(url):
    peer = await Peer.hello(url, user="dave", join=[{"room": "big"}])
    await peer.hear()
    text = "é" * 2_048  # 4,096 bytes: as long as a text may be
    await peer.say(type="post", room="big", cid="1", text=text)
    assert (await peer.hear_posts(1))[0]["text"] == text
    await peer.say(type="post", room="big", cid="2", text=text + "!")
    assert (await peer.hear())["code"] == "too_long"


async def main():
    data = tempfile.TemporaryDirectory()
    server = subprocess.Popen(
        [sys.argv[1], "--bind", "127.0.0.1:0", "--rate", "0", "--data", data.name],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        url = server.stdout.readline().strip().replace("http:", "ws:") + "ws"
        cases = [joins_talks_and_resumes, keeps_alive_by_pings, large_and_compressed_offers_are_fine]
        for case in cases:
            await case(url)
            print(f"ok {case.__name__}")
        print(f"outside: {len(cases)} passed, 0 failed")
    finally:
        server.kill()
        server.wait()


asyncio.run(main())
