"""Behind a real nginx with TLS, configured as the README says: the page, and a conversation over wss.

Usage: proxy.py PATH-OF-THE-SERVER-BINARY
"""

import asyncio
import http.client
import json
import pathlib
import re
import socket
import ssl
import subprocess
import sys
import tempfile

import websockets

SOON = 10
NAME = "talk.example.org"
README = pathlib.Path(__file__).parents[2] / "README.md"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def snippet(port):
    """The README's own nginx block, with this test's port in it."""
    block = re.search(r"```nginx\n(.*?)```", README.read_text(), re.S).group(1)
    assert "127.0.0.1:8080" in block
    return block.replace("127.0.0.1:8080", f"127.0.0.1:{port}")


def start_server(binary, port):
    server = subprocess.Popen(
        [binary, "--bind", f"127.0.0.1:{port}", "--allow-host", NAME, "--trust-proxy", "127.0.0.1"],
        stdout=subprocess.PIPE,
        text=True,
    )
    server.stdout.readline()
    return server


def start_nginx(folder, port, upstream):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}",
         "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True,
    )
    (folder / "nginx.conf").write_text(f"""
        daemon off; pid {folder}/pid; error_log {folder}/error.log;
        events {{}}
        http {{
            access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
            fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
            server {{
                listen 127.0.0.1:{port} ssl;
                server_name {NAME};
                ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
                {snippet(upstream)}
            }}
        }}""")
    return subprocess.Popen(["nginx", "-c", folder / "nginx.conf", "-e", folder / "error.log"])


async def until_open(port):
    """Waits for nginx to listen."""
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        except OSError:
            await asyncio.sleep(0.05)
    raise AssertionError("nginx does not listen")


async def hear(socket_, kind):
    while True:
        message = json.loads(await asyncio.wait_for(socket_.recv(), SOON))
        if message["type"] == kind:
            return message


async def main():
    binary = sys.argv[1]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        port, upstream = free_port(), free_port()
        server = start_server(binary, upstream)
        nginx = start_nginx(folder, port, upstream)
        try:
            await until_open(port)
            trust = ssl.create_default_context(cafile=folder / "cert.pem")

            def connect(origin=f"https://{NAME}:{port}"):
                return websockets.connect(
                    f"wss://{NAME}:{port}/ws", host="127.0.0.1", port=port, ssl=trust,
                    origin=origin, server_hostname=NAME,
                )

            page = http.client.HTTPSConnection("127.0.0.1", port, context=ssl._create_unverified_context())
            page.request("GET", "/", headers={"Host": NAME})
            answer = page.getresponse()
            assert answer.status == 200 and b"<title>Talk" in answer.read()
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            print("ok the page over https")

            async with connect() as alice:
                await alice.send(json.dumps({"type": "hello", "user": "alice", "join": [{"room": "lobby"}]}))
                await hear(alice, "joined")
                text = "x" * 4_096
                await alice.send(json.dumps({"type": "post", "room": "lobby", "cid": "1", "text": text}))
                assert (await hear(alice, "post"))["text"] == text
            print("ok a conversation over wss, from the page's own origin")

            try:
                async with connect("https://evil.example"):
                    raise AssertionError("a foreign page was let in")
            except websockets.InvalidStatus as refused:
                assert refused.response.status_code == 403, refused
            print("ok a foreign page is refused")

            server.kill()
            server.wait()
            server = start_server(binary, upstream)
            async with connect() as bob:
                await bob.send(json.dumps({"type": "hello", "user": "bob"}))
                await hear(bob, "welcome")
            print("ok the server restarted behind it")
            print("proxy: 4 passed, 0 failed")
        finally:
            nginx.terminate()
            nginx.wait()
            server.kill()
            server.wait()


asyncio.run(main())
