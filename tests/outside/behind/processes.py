"""The built server and the proxies in front of it, as child processes that end with the test."""

import contextlib
import os
import pathlib
import socket
import ssl
import subprocess
import time

from behind import docs

TIMEOUT = 20


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def child(command, **options):
    """A process that is killed when the block ends, also after an exception."""
    process = subprocess.Popen([str(word) for word in command], **options)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


class Server:
    """The server, with the flags of docs/deploy.md. Its port and its directory stay the same after a restart."""

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


class Proxy:
    """A proxy that listens with TLS on one port and without TLS on another."""

    def __init__(self, name, tls_port, plain_port, folder):
        self.name, self.tls_port, self.plain_port = name, tls_port, plain_port
        self.trust = ssl.create_default_context(cafile=folder / "cert.pem")


@contextlib.contextmanager
def nginx(folder, upstream, read_timeout=None):
    proxy = Proxy("nginx", free_port(), free_port(), folder)
    own = pathlib.Path(folder) / f"nginx-{proxy.tls_port}"
    own.mkdir()
    (own / "nginx.conf").write_text(f"""
        daemon off; pid {own}/pid; error_log {own}/error.log;
        events {{}}
        http {{
            access_log off; client_body_temp_path {own}/b; proxy_temp_path {own}/p;
            fastcgi_temp_path {own}/f; uwsgi_temp_path {own}/u; scgi_temp_path {own}/s;
            {docs.nginx(folder, proxy.tls_port, proxy.plain_port, upstream, read_timeout)}
        }}""")
    # No SIGKILL as in `child`: nginx would not end its workers. It ends them on SIGTERM.
    command = ["nginx", "-c", own / "nginx.conf", "-e", own / "error.log"]
    process = subprocess.Popen(command)
    try:
        wait_for_ports(proxy)
        yield proxy
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def caddy(folder, upstream):
    proxy = Proxy("caddy", free_port(), free_port(), folder)
    own = pathlib.Path(folder) / f"caddy-{proxy.tls_port}"
    own.mkdir()
    options = "{\n    admin off\n    auto_https disable_redirects\n}\n"
    sites = docs.caddy(folder, proxy.tls_port, proxy.plain_port, upstream)
    (own / "Caddyfile").write_text(options + sites)
    command = ["caddy", "run", "--config", own / "Caddyfile", "--adapter", "caddyfile"]
    env = {**os.environ, "HOME": str(own), "XDG_DATA_HOME": str(own), "XDG_CONFIG_HOME": str(own)}
    with open(own / "log", "w") as log, child(command, env=env, stdout=log, stderr=log):
        wait_for_ports(proxy)
        yield proxy


def wait_for_ports(proxy):
    """Waits until both ports accept connections."""
    deadline = time.monotonic() + TIMEOUT
    for port in (proxy.tls_port, proxy.plain_port):
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                assert time.monotonic() < deadline, f"{proxy.name} does not listen"
                time.sleep(0.05)


def make_certificate(folder):
    """Makes a certificate for the host name of docs/deploy.md; only this test trusts it."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", f"/CN={docs.NAME}", "-addext", f"subjectAltName=DNS:{docs.NAME}",
         "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True,
    )
