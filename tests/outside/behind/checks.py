"""What must hold behind each proxy. Each check is named by the sentence it proves."""

import asyncio
import json
import re
import socket
import subprocess

import websockets

from behind.client import Client, over_tls, status_of, without_tls
from behind.docs import NAME
from behind.processes import TIMEOUT


async def get(proxy, path="/", *fields):
    """The head and the body of the answer for this path, over https."""

    def ask():
        with socket.create_connection(("127.0.0.1", proxy.tls_port), timeout=TIMEOUT) as plain:
            with proxy.trust.wrap_socket(plain, server_hostname=NAME) as secure:
                host = f"{NAME}:{proxy.tls_port}"
                lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Connection: close", *fields, "", ""]
                secure.sendall("\r\n".join(lines).encode())
                answer = b"".join(iter(lambda: secure.recv(65_536), b""))
        head, _, body = answer.partition(b"\r\n\r\n")
        return head.decode(), body

    return await asyncio.to_thread(ask)


async def the_page_over_https(proxy, server):
    head, body = await get(proxy)
    assert head.split(" ")[1] == "200", head
    assert b"<title>Talk" in body
    assert "content-security-policy: default-src 'none'" in head.lower(), head


async def the_page_is_compressed(proxy, server):
    _, page = await get(proxy)
    names = sorted(set(re.findall(r'(?:src|href)="(/[^"]+)"', page.decode())) | {"/"})
    heads = sent = whole = 0
    for name in names:
        plain = len((await get(proxy, name))[1])
        head, body = await get(proxy, name, "Accept-Encoding: gzip")
        assert "content-encoding: gzip" in head.lower() or plain < 1_024, (name, head)
        whole, sent, heads = whole + plain, sent + len(body), heads + len(head)
    print(f"# {proxy.name}: {len(names)} files of {whole} bytes, {sent} as they are sent, and {heads} of heads", flush=True)
    assert sent < whole / 2


async def a_conversation_over_wss_from_the_page_s_own_origin(proxy, server):
    alice, bob = Client("alice"), Client("bob")
    await alice.join_lobby(over_tls(proxy))
    await bob.join_lobby(over_tls(proxy))
    posted = await alice.post("hello, bob ✓")
    while (received := await bob.receive("post"))["seq"] != posted["seq"]:
        pass
    assert received == posted
    await alice.socket.close()
    await bob.socket.close()


async def another_origin_and_another_host_are_refused(proxy, server):
    assert (await status_of(over_tls(proxy, origin="https://evil.example")))[0] == 403
    # A proxy may itself refuse an unknown host; so this asks the server directly.
    status, _ = await status_of(without_tls(server.port, host="evil.example"))
    assert status == 421, status


async def the_metrics_are_not_public(proxy, server):
    head, _ = await get(proxy, "/metrics")
    assert head.split(" ")[1] == "403", head


async def a_console_connects_to_the_plain_listener(proxy, server):
    alice = Client("alice-by-tls")
    await alice.join_lobby(over_tls(proxy))
    await console_posts(server, proxy.plain_port, "from a console")
    while (await alice.receive("post"))["text"] != "from a console":
        pass
    await alice.socket.close()


async def console_posts(server, port, text):
    """The built console, from the server's folder, sends one message and exits when it is stored."""
    console = server.command[0].parent / "console"
    ran = await asyncio.to_thread(
        subprocess.run,
        [console, "--server", f"127.0.0.1:{port}", "--user", "ci", "--key-file", server.folder / "token"],
        input=text + "\n", text=True, capture_output=True, timeout=TIMEOUT,
    )
    assert ran.returncode == 0, ran


async def a_console_connects_through_a_forwarded_port(proxy, server):
    async def forward(reader, writer):
        there = await asyncio.open_connection("127.0.0.1", server.port)

        async def copy(source, target):
            while chunk := await source.read(65_536):
                target.write(chunk)
                await target.drain()
            target.close()

        await asyncio.gather(copy(reader, there[1]), copy(there[0], writer), return_exceptions=True)

    async with await asyncio.start_server(forward, "127.0.0.1", 0) as tunnel:
        await console_posts(server, tunnel.sockets[0].getsockname()[1], "through a tunnel")


async def large_messages_arrive_whole_in_both_directions(proxy, server):
    alice = Client("large")
    await alice.join_lobby(over_tls(proxy))
    first = await alice.post("é" * 5_000)  # 10,000 bytes: the largest --max-text
    assert len(first["text"]) == 5_000
    for number in range(200):
        await alice.post(f"{number:04}" + "x" * 4_092)
    await alice.send(type="history", room="lobby", before=alice.last + 1, limit=200)
    records = (await alice.receive("history"))["records"]
    # A page may have fewer records than requested; they are contiguous and end just before that seq.
    texts = {}
    while True:
        texts |= {record["seq"]: record["text"] for record in records if record["type"] == "post"}
        if len(texts) >= 200:
            break
        await alice.send(type="history", room="lobby", before=min(texts), limit=200 - len(texts))
        records = (await alice.receive("history"))["records"]
    newest = sorted(texts)[-200:]
    assert newest == list(range(alice.last - 199, alice.last + 1))
    assert [texts[seq][:4] for seq in newest] == [f"{number:04}" for number in range(200)]
    assert all(len(texts[seq]) == 4_096 for seq in newest)
    await alice.socket.close()


async def clients_resume_without_loss_after_a_restart(proxy, server):
    alice, bob = Client("back-alice"), Client("back-bob")
    await alice.join_lobby(over_tls(proxy))
    await bob.join_lobby(over_tls(proxy))
    last = (await alice.post("before"))["seq"]
    while bob.last < last:
        await bob.receive("post")
    server.kill()
    for client in (alice, bob):
        try:
            while True:
                await asyncio.wait_for(client.socket.recv(), TIMEOUT)
        except websockets.ConnectionClosed:
            pass
    head, _ = await get(proxy)
    assert head.split(" ")[1] == "502", head
    assert (await status_of(over_tls(proxy)))[0] == 502
    server.start()
    await alice.join_lobby(over_tls(proxy))
    await alice.post("while bob was away")
    await bob.join_lobby(over_tls(proxy))
    assert (await bob.receive("post"))["text"] == "while bob was away"
    assert (await bob.post("after"))["seq"] == last + 2
    await alice.socket.close()
    await bob.socket.close()


ALWAYS = [
    the_page_over_https,
    the_page_is_compressed,
    a_conversation_over_wss_from_the_page_s_own_origin,
    another_origin_and_another_host_are_refused,
    the_metrics_are_not_public,
    a_console_connects_to_the_plain_listener,
    a_console_connects_through_a_forwarded_port,
    large_messages_arrive_whole_in_both_directions,
    clients_resume_without_loss_after_a_restart,
]


# ---- Checks that need a server with other flags ------------------------------------------------


async def accepted(connecting):
    """A WebSocket that the server must accept."""
    status, websocket = await status_of(connecting)
    assert status == 101, status
    return websocket


async def each_client_is_counted_by_the_address_that_the_proxy_sees(proxy, server):
    sockets = []
    for client in ("127.0.0.2", "127.0.0.3"):
        for _ in range(2):
            sockets.append(await accepted(over_tls(proxy, local_addr=(client, 0))))
    for forged in (None, "192.0.2.1", "192.0.2.2, 127.0.0.9"):
        headers = {"X-Forwarded-For": forged} if forged else None
        connecting = over_tls(proxy, local_addr=("127.0.0.2", 0), additional_headers=headers)
        status, _ = await status_of(connecting)
        assert status == 429, (forged, status)
    for websocket in sockets:
        await websocket.close()


async def a_forged_header_without_the_proxy_is_ignored(proxy, server):
    sockets, statuses = [], []
    for number in range(3):
        headers = {"X-Forwarded-For": f"192.0.2.{number}"}
        connecting = without_tls(server.port, local_addr=("127.0.0.4", 0), additional_headers=headers)
        status, websocket = await status_of(connecting)
        statuses.append(status)
        sockets += [websocket] if websocket else []
    assert statuses == [101, 101, 429], statuses
    for websocket in sockets:
        await websocket.close()


COUNTED = [
    each_client_is_counted_by_the_address_that_the_proxy_sees,
    a_forged_header_without_the_proxy_is_ignored,
]


async def a_host_on_the_local_network_is_accepted_if_allowed(proxy, server):
    for host, expected in (("192.168.1.5", 101), ("192.168.1.6", 421)):
        status, websocket = await status_of(without_tls(proxy.plain_port, host=host))
        assert status == expected, (host, status)
        if websocket:
            await websocket.close()


async def a_client_cut_off_for_silence_resumes_without_loss(proxy, server):
    alice, bob = Client("cut-alice"), Client("cut-bob")
    await alice.join_lobby(over_tls(proxy))
    await alice.post("before bob joins")
    await bob.join_lobby(over_tls(proxy))
    try:
        while True:  # until the proxy closes the silent connection
            json.loads(await asyncio.wait_for(bob.socket.recv(), TIMEOUT))
    except websockets.ConnectionClosed as closed:
        assert closed.rcvd is None, "the proxy cuts the connection, without a Close"
    await alice.join_lobby(over_tls(proxy))
    await alice.post("while bob was cut off")
    bob_before = bob.last
    await bob.join_lobby(over_tls(proxy))
    while bob.last < alice.last:
        await bob.receive("post")
    assert bob_before < bob.last
    await alice.socket.close()
    await bob.socket.close()


async def pings_keep_a_silent_connection_open(proxy, server):
    alice = Client("kept")
    await alice.join_lobby(over_tls(proxy))
    try:
        message = await asyncio.wait_for(alice.socket.recv(), 6)  # three times the proxy's timeout
        raise AssertionError(message)
    except TimeoutError:
        pass
    assert (await alice.post("still here"))["text"] == "still here"
    await alice.socket.close()
