# SPDX-License-Identifier: ISC
"""A real monitord in a folder of its own, for benchmarks: start, ask, stop, and the form of the results."""
import http.client, json, os, shutil, signal, socket, subprocess, tempfile, time
from pathlib import Path

BUILD = Path(os.environ.get("MONITORD_BUILD", "build")).resolve()


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=150)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Daemon:
    """With `config` as its YAML; `folder` is removed at the end."""

    def __init__(self, config):
        self.folder = Path(tempfile.mkdtemp(prefix="monitord-bench."))
        self.socket = str(self.folder / "control.sock")
        (self.folder / "monitord.yaml").write_text(config)
        self.log = open(self.folder / "log", "w+")
        self.process = subprocess.Popen([BUILD / "monitord", "--config", self.folder / "monitord.yaml",
                                         "--state", self.folder / "state", "--socket", self.socket],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.log)

    def __enter__(self):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                self.ask("GET", "/v1/status")
                return self
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)
        self.log.seek(0)
        text = self.log.read()
        self.__exit__()
        raise SystemExit(f"monitord did not come up:\n{text}")

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def ask(self, method, path, body=None):
        c = UnixConnection(self.socket)
        c.request(method, path, json.dumps(body) if body is not None else None)
        r = c.getresponse()
        text = r.read()
        c.close()
        if r.status >= 400:
            raise SystemExit(f"{method} {path}: {r.status} {text.decode(errors='replace')}")
        return json.loads(text) if text else None


def case(name, value, unit, peer, peer_value):
    ratio = round(value / peer_value, 3) if peer_value else 1.0 if value == 0 else None
    return {"case": name, "value": round(value, 4), "unit": unit, "peer": peer, "peer_value": round(peer_value, 4), "ratio": ratio}


def write(path, name, cases):
    Path(path).write_text(json.dumps({"name": name, "cases": cases}, indent=1) + "\n")
    for c in cases:
        print(f"{name:<10} {c['case']:<42} {c['value']:>10} {c['unit']:<6} {c['peer']}: {c['peer_value']}  ratio {c['ratio']}")


def quantile(values, q):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))]
