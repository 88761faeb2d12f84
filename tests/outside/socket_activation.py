"""Runs the server under systemd, as docs/deploy.md says: the units, a socket passed to it, a backup.

Usage: socket_activation.py PATH-OF-THE-SERVER-BINARY
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
from behind.client import Client, without_tls
from behind.processes import TIMEOUT, child, free_port

passed = 0


def ok(sentence):
    global passed
    passed += 1
    print(f"ok {sentence}", flush=True)


def the_units_are_valid(binary, folder):
    for name, block in zip(("talk.socket", "talk.service"), docs.blocks("ini"), strict=True):
        (folder / name).write_text(block.replace("/usr/local/bin/talk-server", str(binary)))
    units = [folder / "talk.service", folder / "talk.socket"]
    checked = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True)
    # An unknown key does not change the exit code, but is printed; so are faults of this machine's other units.
    complaints = [line for line in (checked.stdout + checked.stderr).splitlines() if "talk." in line]
    assert (checked.returncode, complaints) == (0, []), checked
    ok("systemd-analyze finds no fault in the units")


async def connected(port):
    """A client, connected as soon as the port listens."""
    deadline = time.monotonic() + TIMEOUT
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, "the port does not listen"
            await asyncio.sleep(0.05)
    client = Client("alice")
    await client.join_lobby(without_tls(port))
    return client


async def the_first_connection_starts_it(binary, folder):
    port = free_port()
    command = ["systemd-socket-activate", "--inetd", "-l", f"127.0.0.1:{port}",
               binary, "--bind", "fd:0", "--data", folder / "activated"]
    with open(folder / "log", "w") as log, child(command, stderr=log) as server:
        alice = await connected(port)
        assert (await alice.post("hello"))["seq"] == 1
        await alice.socket.close()
        assert os.readlink(f"/proc/{server.pid}/exe") == str(binary), "systemd-socket-activate has become the server"
    ok("systemd-socket-activate starts it at the first connection, and its output reaches no client")


async def restarts_refuse_no_connection(binary, folder, wrapper, sentence):
    """As systemd does with a socket unit: keeps the socket open, and starts the server on it again."""
    data = folder / f"restarted-{len(wrapper)}"
    command = [*wrapper, binary, "--bind", "fd:0", "--data", data]
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        port = listener.getsockname()[1]
        clients = [Client(f"client{number}") for number in range(20)]
        for _ in range(3):
            connecting = [asyncio.create_task(client.join_lobby(without_tls(port))) for client in clients]
            await asyncio.sleep(0)  # now they are connecting, and no server answers yet
            with child(command, stdin=listener, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
                await asyncio.wait_for(asyncio.gather(*connecting), TIMEOUT)
                for client in clients:
                    await client.post("here")
    heads = [client.head for client in clients]
    assert min(heads) == max(heads) == 40, heads
    ok(sentence)
    return data


def a_backup_has_every_record(binary, data, folder):
    copy = folder / "backup"
    copy.mkdir()
    subprocess.run(["cp", "-a", f"{data}/.", f"{copy}/"], check=True)
    verified = subprocess.run([binary, "verify", "--data", copy], capture_output=True, text=True)
    result = (verified.returncode, verified.stdout)
    assert result == (0, "lobby: records 1 to 60 in 1 file: intact\n"), verified
    ok("a copy made while the server is stopped is complete")


async def main():
    binary = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        if shutil.which("systemd-analyze") and shutil.which("systemd-socket-activate"):
            the_units_are_valid(binary, folder)
            await the_first_connection_starts_it(binary, folder)
        else:
            print("skipped: the units, systemd-socket-activate (there is no systemd)")
        data = await restarts_refuse_no_connection(
            binary, folder, [], "restarted twice on the same socket, it refuses no connection")
        a_backup_has_every_record(binary, data, folder)
        if subprocess.run(["unshare", "--net", "true"], capture_output=True).returncode == 0:
            await restarts_refuse_no_connection(
                binary, folder, ["unshare", "--net"], "the same in a network namespace without a network")
        else:
            print("skipped: a network namespace (needs root)")
    print(f"socket activation: {passed} passed, 0 failed")


asyncio.run(main())
