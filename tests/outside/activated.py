"""Started by systemd, as docs/deploy.md says: its units, a socket that is handed over, a backup.

Usage: activated.py PATH-OF-THE-SERVER-BINARY
"""

import asyncio
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from behind import docs
from behind.peer import Peer, plainly
from behind.running import SOON, child, free_port

passed = 0


def ok(sentence):
    global passed
    passed += 1
    print(f"ok {sentence}", flush=True)


def the_units_have_no_fault(binary, folder):
    for name, block in zip(("talk.socket", "talk.service"), docs.blocks("ini"), strict=True):
        (folder / name).write_text(block.replace("/usr/local/bin/talk-server", str(binary)))
    units = [folder / "talk.service", folder / "talk.socket"]
    checked = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True)
    # An unknown key is no failure to it, but it is told; so are faults of this machine's other units.
    told = [line for line in (checked.stdout + checked.stderr).splitlines() if "talk." in line]
    assert (checked.returncode, told) == (0, []), checked
    ok("systemd-analyze has nothing to say against the units")


async def connected(port):
    """Enters as soon as somebody listens."""
    deadline = time.monotonic() + SOON
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, "nobody listens"
            await asyncio.sleep(0.05)
    peer = Peer("alice")
    await peer.enter(plainly(port))
    return peer


async def the_first_who_comes_starts_it(binary, folder):
    port = free_port()
    command = ["systemd-socket-activate", "--inetd", "-l", f"127.0.0.1:{port}",
               binary, "--bind", "fd:0", "--data", folder / "activated"]
    with open(folder / "log", "w") as log, child(command, stderr=log) as server:
        alice = await connected(port)
        assert (await alice.post("hello"))["seq"] == 1
        await alice.socket.close()
        assert os.readlink(f"/proc/{server.pid}/exe") == str(binary), "it has become the server"
    ok("systemd-socket-activate starts it with the first who comes, and its output hurts nobody")


async def restarts_turn_nobody_away(binary, folder, around, sentence):
    """What systemd does with a socket unit: it keeps the socket, and starts the server on it again."""
    data = folder / f"restarted-{len(around)}"
    command = [*around, binary, "--bind", "fd:0", "--data", data]
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        port = listener.getsockname()[1]
        peers = [Peer(f"peer{number}") for number in range(20)]
        for _ in range(3):
            coming = [asyncio.create_task(peer.enter(plainly(port))) for peer in peers]
            await asyncio.sleep(0)  # now they are on their way, and nobody answers yet
            with child(command, stdin=listener, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
                await asyncio.wait_for(asyncio.gather(*coming), SOON)
                for peer in peers:
                    await peer.post("here")
    heads = [peer.head for peer in peers]
    assert min(heads) == max(heads) == 40, heads
    ok(sentence)
    return data


def a_backup_holds_every_line(binary, data, folder):
    copy = folder / "backup"
    copy.mkdir()
    subprocess.run(["cp", "-a", f"{data}/.", f"{copy}/"], check=True)
    verified = subprocess.run([binary, "verify", "--data", copy], capture_output=True, text=True)
    told = (verified.returncode, verified.stdout)
    assert told == (0, "lobby: records 1 to 60 in 1 file: intact\n"), verified
    ok("a copy made while it is stopped is whole")


async def main():
    binary = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        if shutil.which("systemd-analyze") and shutil.which("systemd-socket-activate"):
            the_units_have_no_fault(binary, folder)
            await the_first_who_comes_starts_it(binary, folder)
        else:
            print("not done: the units, systemd-socket-activate (there is no systemd)")
        data = await restarts_turn_nobody_away(
            binary, folder, [], "restarted twice on the same socket it turns nobody away")
        a_backup_holds_every_line(binary, data, folder)
        if subprocess.run(["unshare", "--net", "true"], capture_output=True).returncode == 0:
            await restarts_turn_nobody_away(
                binary, folder, ["unshare", "--net"], "the same without any network of its own")
        else:
            print("not done: a network of its own (needs root)")
    print(f"activated: {passed} passed, 0 failed")


asyncio.run(main())
