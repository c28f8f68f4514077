# SPDX-License-Identifier: ISC
"""A real monitord in a folder of its own, for system tests and benchmarks: start, ask, steer, kill, read its log."""
import http.client, json, os, re, shutil, signal, socket, struct, subprocess, tempfile
from pathlib import Path

from receivers import wait_until

BUILD = Path(os.environ.get("MONITORD_BUILD", "build")).resolve()
SANITIZED = BUILD.name in ("asan", "tsan")  # takes several times the memory


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path, timeout=150):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        # With a timeout of Python's own the socket would not block, and a full queue would be an error at once.
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", int(self.timeout), 0))
        self.sock.connect(self.path)
        self.sock.settimeout(self.timeout)


class Daemon:
    """With `config` as its YAML.  Its folder (config, state, socket, log) is removed at the end unless it was given."""

    def __init__(self, config="", folder=None, env=None):
        self.own = folder is None
        self.folder = Path(folder or tempfile.mkdtemp(prefix="monitord-test."))
        self.config, self.state = self.folder / "monitord.yaml", self.folder / "state"
        self.socket, self.log_path = str(self.folder / "control.sock"), self.folder / "log"
        self.env = {**os.environ, "MONITORD_SOCKET": self.socket, "LC_ALL": "C.UTF-8", "NO_COLOR": "1", **(env or {})}
        self.process = None
        self.config.write_text(config)

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        try:
            self.stop()
        finally:
            if self.own:
                shutil.rmtree(self.folder, ignore_errors=True)

    def spawn(self, *args):
        """Starts the process and waits for nothing.  Standard output and error go to the log."""
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([BUILD / "monitord", "--config", self.config, "--state", self.state, "--socket",
                                             self.socket, *args], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env)
        return self

    def start(self, *args, seconds=30):
        """Starts and waits until it answers."""
        self.spawn(*args)
        wait_until(self.answers, seconds, lambda: f"monitord's answer, log:\n{self.log()}")
        return self

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"monitord ended with {self.process.returncode}:\n{self.log()}")
        try:
            return self.request("GET", "/v1/status")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self, seconds=30):
        """SIGTERM, then its exit status; SIGKILL if it does not end."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError(f"monitord did not end within {seconds} s of SIGTERM:\n{self.log()}")
        return self.process.returncode

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def restart(self):
        self.stop()
        return self.start()

    def request(self, method, path, body=None):
        """(status, JSON or None) of one API call."""
        c = UnixConnection(self.socket)
        try:
            c.request(method, path, json.dumps(body) if body is not None else None)
            r = c.getresponse()
            text = r.read()
            return r.status, json.loads(text) if text else None
        finally:
            c.close()

    def ask(self, method, path, body=None):
        """The JSON of an API call that must succeed."""
        status, answer = self.request(method, path, body)
        assert status < 400, f"{method} {path}: {status} {answer}"
        return answer

    def ctl(self, *args, stdin="", seconds=60):
        """monitorctl: the completed process with its output as text."""
        return subprocess.run([BUILD / "monitorctl", *map(str, args)], input=stdin, capture_output=True, text=True, env=self.env,
                              timeout=seconds)

    def do(self, *args, **options):
        """What monitorctl prints when it must succeed."""
        run = self.ctl(*args, **options)
        assert run.returncode == 0, f"monitorctl {' '.join(map(str, args))}: {run.returncode}\n{run.stdout}{run.stderr}\n{self.log()}"
        return run.stdout

    def rows(self, *args, **options):
        """The objects that `monitorctl --json` prints."""
        return [json.loads(line) for line in self.do("--json", *args, **options).splitlines()]

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def events(self, name):
        """The log lines of one event, in order."""
        return [line for line in self.log().splitlines() if re.search(rf"(^|\s){re.escape(name)}(\s|$)", line)]

    def wait_event(self, name, n=1, seconds=30):
        """Waits until the log has `n` lines of the event."""
        wait_until(lambda: len(self.events(name)) >= n, seconds, f"{n} × {name} in the log")
        return self.events(name)
