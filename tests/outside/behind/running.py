"""The built server and the proxies before it, as child processes that end with the test."""

import contextlib
import os
import pathlib
import socket
import ssl
import subprocess
import time

from behind import docs

SOON = 20


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def child(command, **options):
    """A process that is killed at the end, however that comes."""
    process = subprocess.Popen([str(word) for word in command], **options)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


class Server:
    """The server on a port and a directory that outlive it, as the documents start it."""

    def __init__(self, binary, folder, *flags):
        self.port, self.folder = free_port(), folder
        self.stack = contextlib.ExitStack()
        self.command = [binary, "--bind", f"127.0.0.1:{self.port}", "--data", folder / "data",
                        "--allow-host", docs.NAME, "--trust-proxy", "127.0.0.1", *flags]

    def start(self):
        process = self.stack.enter_context(child(self.command, stdout=subprocess.PIPE, text=True))
        line = process.stdout.readline()
        assert line.startswith("http://"), line

    def kill(self):
        self.stack.close()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *failure):
        self.kill()


class Front:
    """A proxy that listens with TLS on one port and without on another."""

    def __init__(self, name, tls_port, plain_port, folder):
        self.name, self.tls_port, self.plain_port = name, tls_port, plain_port
        self.trust = ssl.create_default_context(cafile=folder / "cert.pem")


@contextlib.contextmanager
def nginx(folder, upstream, read_timeout=None):
    front = Front("nginx", free_port(), free_port(), folder)
    own = pathlib.Path(folder) / f"nginx-{front.tls_port}"
    own.mkdir()
    (own / "nginx.conf").write_text(f"""
        daemon off; pid {own}/pid; error_log {own}/error.log;
        events {{}}
        http {{
            access_log off; client_body_temp_path {own}/b; proxy_temp_path {own}/p;
            fastcgi_temp_path {own}/f; uwsgi_temp_path {own}/u; scgi_temp_path {own}/s;
            {docs.nginx(folder, front.tls_port, front.plain_port, upstream, read_timeout)}
        }}""")
    # Its workers end with it only if it is asked to.
    command = ["nginx", "-c", own / "nginx.conf", "-e", own / "error.log"]
    process = subprocess.Popen(command)
    try:
        until_open(front)
        yield front
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def caddy(folder, upstream):
    front = Front("caddy", free_port(), free_port(), folder)
    own = pathlib.Path(folder) / f"caddy-{front.tls_port}"
    own.mkdir()
    options = "{\n    admin off\n    auto_https disable_redirects\n}\n"
    sites = docs.caddy(folder, front.tls_port, front.plain_port, upstream)
    (own / "Caddyfile").write_text(options + sites)
    command = ["caddy", "run", "--config", own / "Caddyfile", "--adapter", "caddyfile"]
    env = {**os.environ, "HOME": str(own), "XDG_DATA_HOME": str(own), "XDG_CONFIG_HOME": str(own)}
    with open(own / "log", "w") as log, child(command, env=env, stdout=log, stderr=log):
        until_open(front)
        yield front


def until_open(front):
    """Waits for both ports to listen."""
    deadline = time.monotonic() + SOON
    for port in (front.tls_port, front.plain_port):
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                assert time.monotonic() < deadline, f"{front.name} does not listen"
                time.sleep(0.05)


def certificate(folder):
    """A certificate for the documents' name, that only this test trusts."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", f"/CN={docs.NAME}", "-addext", f"subjectAltName=DNS:{docs.NAME}",
         "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True,
    )
