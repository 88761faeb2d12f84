"""The built server, on a port of its own, without those limits that a list of many cases would meet."""

import contextlib
import subprocess
import tempfile
import urllib.request

SOON = 10


class Server:
    """A server that runs: where it listens, and what it counts."""

    def __init__(self, url):
        self.url = url
        self.port = int(url.rstrip("/").rsplit(":", 1)[1])

    def counted(self, family):
        """The sum of a family of counters, of the page that is asked for included."""
        with urllib.request.urlopen(self.url + "metrics", timeout=SOON) as page:
            lines = page.read().decode().splitlines()
        return sum(int(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(family))


@contextlib.contextmanager
def running(binary, *limits):
    """A server that is killed at the end; nothing in it may have panicked until then."""
    command = [binary, "--bind", "127.0.0.1:0", "--max-per-address", "0"]
    command += [word for limit in limits for word in ("--limit", limit)]
    with tempfile.TemporaryDirectory() as data:
        process = subprocess.Popen([*command, "--data", data], stdout=subprocess.PIPE, text=True)
        try:
            server = Server(process.stdout.readline().strip())
            yield server
            assert server.counted("talk_panics_total") == 0
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
