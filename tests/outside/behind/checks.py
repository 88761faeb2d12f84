"""What must hold behind every proxy. Each check is named by the sentence it proves."""

import asyncio
import json
import re
import socket
import subprocess

import websockets

from behind.docs import NAME
from behind.peer import Peer, over_tls, plainly, status_of
from behind.running import SOON


async def get(front, path="/", *fields):
    """What is at this path, over https: its head and its body."""

    def ask():
        with socket.create_connection(("127.0.0.1", front.tls_port), timeout=SOON) as plain:
            with front.trust.wrap_socket(plain, server_hostname=NAME) as secure:
                host = f"{NAME}:{front.tls_port}"
                lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Connection: close", *fields, "", ""]
                secure.sendall("\r\n".join(lines).encode())
                answer = b"".join(iter(lambda: secure.recv(65_536), b""))
        head, _, body = answer.partition(b"\r\n\r\n")
        return head.decode(), body

    return await asyncio.to_thread(ask)


async def the_page_over_https(front, server):
    head, body = await get(front)
    assert head.split(" ")[1] == "200", head
    assert b"<title>Talk" in body
    assert "content-security-policy: default-src 'none'" in head.lower(), head


async def the_page_is_packed_on_its_way(front, server):
    _, page = await get(front)
    names = sorted(set(re.findall(r'(?:src|href)="(/[^"]+)"', page.decode())) | {"/"})
    heads = sent = whole = 0
    for name in names:
        plain = len((await get(front, name))[1])
        head, body = await get(front, name, "Accept-Encoding: gzip")
        assert "content-encoding: gzip" in head.lower() or plain < 1_024, (name, head)
        whole, sent, heads = whole + plain, sent + len(body), heads + len(head)
    print(f"# {front.name}: {len(names)} files of {whole} bytes, {sent} as they are sent, and {heads} of heads", flush=True)
    assert sent < whole / 2


async def a_conversation_over_wss_from_the_page_s_own_origin(front, server):
    alice, bob = Peer("alice"), Peer("bob")
    await alice.enter(over_tls(front))
    await bob.enter(over_tls(front))
    said = await alice.post("hello, bob ✓")
    while (heard := await bob.hear("post"))["seq"] != said["seq"]:
        pass
    assert heard == said
    await alice.socket.close()
    await bob.socket.close()


async def a_foreign_page_and_a_foreign_host_are_refused(front, server):
    assert (await status_of(over_tls(front, origin="https://evil.example")))[0] == 403
    # A proxy may itself turn away a host that it does not know; if it asks us, we do.
    status, _ = await status_of(plainly(server.port, host="evil.example"))
    assert status == 421, status


async def the_counts_of_the_server_are_not_told_to_the_world(front, server):
    head, _ = await get(front, "/metrics")
    assert head.split(" ")[1] == "403", head


async def a_console_comes_in_by_the_plain_listener(front, server):
    alice = Peer("alice-by-tls")
    await alice.enter(over_tls(front))
    await console_says(server, front.plain_port, "from a console")
    while (await alice.hear("post"))["text"] != "from a console":
        pass
    await alice.socket.close()


async def console_says(server, port, text):
    """The built console, beside the server, sends one line and ends when that is stored."""
    console = server.command[0].parent / "console"
    ran = await asyncio.to_thread(
        subprocess.run,
        [console, "--server", f"127.0.0.1:{port}", "--user", "ci", "--token-file", server.folder / "token"],
        input=text + "\n", text=True, capture_output=True, timeout=SOON,
    )
    assert ran.returncode == 0, ran


async def a_console_comes_in_by_a_port_passed_on_as_ssh_does(front, server):
    async def pass_on(reader, writer):
        there = await asyncio.open_connection("127.0.0.1", server.port)

        async def pump(source, sink):
            while chunk := await source.read(65_536):
                sink.write(chunk)
                await sink.drain()
            sink.close()

        await asyncio.gather(pump(reader, there[1]), pump(there[0], writer), return_exceptions=True)

    async with await asyncio.start_server(pass_on, "127.0.0.1", 0) as tunnel:
        await console_says(server, tunnel.sockets[0].getsockname()[1], "through a tunnel")


async def large_messages_pass_whole_both_ways(front, server):
    alice = Peer("large")
    await alice.enter(over_tls(front))
    first = await alice.post("é" * 5_000)  # 10,000 bytes: as long as --max-text may be
    assert len(first["text"]) == 5_000
    for number in range(200):
        await alice.post(f"{number:04}" + "x" * 4_092)
    await alice.say(type="history", room="lobby", before=alice.last + 1, limit=200)
    records = (await alice.hear("history"))["records"]
    # A page may hold fewer than it was asked for; what it holds is contiguous and next to that seq.
    texts = {}
    while True:
        texts |= {record["seq"]: record["text"] for record in records if record["type"] == "post"}
        if len(texts) >= 200:
            break
        await alice.say(type="history", room="lobby", before=min(texts), limit=200 - len(texts))
        records = (await alice.hear("history"))["records"]
    newest = sorted(texts)[-200:]
    assert newest == list(range(alice.last - 199, alice.last + 1))
    assert [texts[seq][:4] for seq in newest] == [f"{number:04}" for number in range(200)]
    assert all(len(texts[seq]) == 4_096 for seq in newest)
    await alice.socket.close()


async def the_server_restarts_and_whoever_comes_back_has_missed_nothing(front, server):
    alice, bob = Peer("back-alice"), Peer("back-bob")
    await alice.enter(over_tls(front))
    await bob.enter(over_tls(front))
    last = (await alice.post("before"))["seq"]
    while bob.last < last:
        await bob.hear("post")
    server.kill()
    for peer in (alice, bob):
        try:
            while True:
                await asyncio.wait_for(peer.socket.recv(), SOON)
        except websockets.ConnectionClosed:
            pass
    head, _ = await get(front)
    assert head.split(" ")[1] == "502", head
    assert (await status_of(over_tls(front)))[0] == 502
    server.start()
    await alice.enter(over_tls(front))
    await alice.post("while bob was away")
    await bob.enter(over_tls(front))
    assert (await bob.hear("post"))["text"] == "while bob was away"
    assert (await bob.post("after"))["seq"] == last + 2
    await alice.socket.close()
    await bob.socket.close()


ALWAYS = [
    the_page_over_https,
    the_page_is_packed_on_its_way,
    a_conversation_over_wss_from_the_page_s_own_origin,
    a_foreign_page_and_a_foreign_host_are_refused,
    the_counts_of_the_server_are_not_told_to_the_world,
    a_console_comes_in_by_the_plain_listener,
    a_console_comes_in_by_a_port_passed_on_as_ssh_does,
    large_messages_pass_whole_both_ways,
    the_server_restarts_and_whoever_comes_back_has_missed_nothing,
]


# ---- Each of these has a server of its own, that is started with what it says ------------------


async def held(connecting):
    """A WebSocket that must be let in."""
    status, peer = await status_of(connecting)
    assert status == 101, status
    return peer


async def each_client_is_counted_by_the_address_that_the_proxy_saw(front, server):
    peers = []
    for client in ("127.0.0.2", "127.0.0.3"):
        for _ in range(2):
            peers.append(await held(over_tls(front, local_addr=(client, 0))))
    for forged in (None, "192.0.2.1", "192.0.2.2, 127.0.0.9"):
        headers = {"X-Forwarded-For": forged} if forged else None
        connecting = over_tls(front, local_addr=("127.0.0.2", 0), additional_headers=headers)
        status, _ = await status_of(connecting)
        assert status == 429, (forged, status)
    for peer in peers:
        await peer.close()


async def past_the_proxy_a_forged_header_counts_for_nothing(front, server):
    peers, statuses = [], []
    for number in range(3):
        headers = {"X-Forwarded-For": f"192.0.2.{number}"}
        connecting = plainly(server.port, local_addr=("127.0.0.4", 0), additional_headers=headers)
        status, peer = await status_of(connecting)
        statuses.append(status)
        peers += [peer] if peer else []
    assert statuses == [101, 101, 429], statuses
    for peer in peers:
        await peer.close()


COUNTED = [
    each_client_is_counted_by_the_address_that_the_proxy_saw,
    past_the_proxy_a_forged_header_counts_for_nothing,
]


async def a_name_on_the_local_network_is_answered_if_it_was_allowed(front, server):
    for host, expected in (("192.168.1.5", 101), ("192.168.1.6", 421)):
        status, peer = await status_of(plainly(front.plain_port, host=host))
        assert status == expected, (host, status)
        if peer:
            await peer.close()


async def who_is_cut_off_for_its_silence_resumes_without_loss(front, server):
    alice, bob = Peer("cut-alice"), Peer("cut-bob")
    await alice.enter(over_tls(front))
    await alice.post("seen by nobody else")
    await bob.enter(over_tls(front))
    try:
        while True:  # until the proxy has had enough of the silence
            json.loads(await asyncio.wait_for(bob.socket.recv(), SOON))
    except websockets.ConnectionClosed as closed:
        assert closed.rcvd is None, "the proxy cuts, without a Close"
    await alice.enter(over_tls(front))
    await alice.post("while bob was cut off")
    bob_before = bob.last
    await bob.enter(over_tls(front))
    while bob.last < alice.last:
        await bob.hear("post")
    assert bob_before < bob.last
    await alice.socket.close()
    await bob.socket.close()


async def pings_keep_a_silent_connection(front, server):
    alice = Peer("kept")
    await alice.enter(over_tls(front))
    try:
        message = await asyncio.wait_for(alice.socket.recv(), 6)  # three times the proxy's patience
        raise AssertionError(message)
    except TimeoutError:
        pass
    assert (await alice.post("still here"))["text"] == "still here"
    await alice.socket.close()
