"""The built server, on its own port, without the limits that a list of many cases would reach."""

import contextlib
import subprocess
import tempfile
import urllib.request

TIMEOUT = 10


class Server:
    """A running server: its address and its counters."""

    def __init__(self, url):
        self.url = url
        self.port = int(url.rstrip("/").rsplit(":", 1)[1])

    def count(self, family):
        """The sum of a family of counters; the request for the metrics page itself counts too."""
        with urllib.request.urlopen(self.url + "metrics", timeout=TIMEOUT) as page:
            lines = page.read().decode().splitlines()
        return sum(int(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(family))


@contextlib.contextmanager
def running(binary, *limits):
    """A server that is killed at the end; it must not have panicked before."""
    command = [binary, "--bind", "127.0.0.1:0", "--max-per-address", "0"]
    command += [word for limit in limits for word in ("--limit", limit)]
    with tempfile.TemporaryDirectory() as data:
        process = subprocess.Popen([*command, "--data", data], stdout=subprocess.PIPE, text=True)
        try:
            server = Server(process.stdout.readline().strip())
            yield server
            assert server.count("talk_panics_total") == 0
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
