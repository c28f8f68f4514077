#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What a settled monitord with 1,000 sources costs while nothing happens: CPU, wake-ups and memory."""
import os, shutil, socket, subprocess, sys, tempfile, time
from pathlib import Path
from daemon import Daemon
from figures import case, write

SOURCES, IDLE_S, PATIENCE_S = 1000, 20, 180
# The limit for resident memory at rest: 16 MB and 2 KB a source.
LIMIT_MB = 16 + SOURCES * 0.002

NGINX = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    root {folder};
    default_type application/rss+xml;
    location / {{ try_files /feed.xml =404; }}
  }}
}}
"""


def feed():
    items = "".join(f"<item><guid>item-{n}</guid><title>News {n}</title><link>https://example.org/{n}</link>"
                    f"<description>{'Filling words of a usual teaser. ' * 10}</description></item>" for n in range(10))
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Bench</title>{items}</channel></rss>'


def config(port):
    sources = "".join(f'  - {{name: s{n}, url: "http://127.0.0.1:{port}/{n}", every: 1h, allow_private: true}}\n'
                      for n in range(SOURCES))
    return (f"log_level: warning\nmax_per_host: 32\nsources:\n{sources}"
            "channels:\n  - {name: screen, type: console}\nwatches:\n  - {name: ilya, query: Sutskever}\n")


class Nginx:
    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="monitord-bench-nginx."))
        self.folder.chmod(0o755)
        with socket.create_server(("127.0.0.1", 0)) as s:
            self.port = s.getsockname()[1]
        (self.folder / "feed.xml").write_text(feed())
        (self.folder / "nginx.conf").write_text(NGINX.format(folder=self.folder, port=self.port))
        self.process = subprocess.Popen(["/usr/sbin/nginx", "-p", self.folder, "-c", self.folder / "nginx.conf"],
                                        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return self
            except OSError:
                time.sleep(0.05)
        self.__exit__()
        raise SystemExit("bench_idle: nginx did not come up")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def worker(self):
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[0])


def cpu_s(pid):
    """utime + stime of proc_pid_stat(5); all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def precise_cpu_s(pid):
    """The same in ns, from the scheduler, where the kernel gives it."""
    try:
        return sum(int(p.read_text().split()[0]) for p in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9
    except (OSError, IndexError):
        return cpu_s(pid)


def switches(pid):
    return sum(int(line.split()[1]) for p in Path(f"/proc/{pid}/task").glob("*/status")
               for line in p.read_text().splitlines() if line.startswith("voluntary_ctxt_switches"))


def memory_mb(pid, file, key):
    for line in Path(f"/proc/{pid}/{file}").read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1]) * 1024 / 1e6
    raise SystemExit(f"bench_idle: no {key} in /proc/{pid}/{file}")


def settle(daemon):
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        sources = daemon.ask("GET", "/v1/status")["sources"]
        if sources["ok"] == SOURCES:
            time.sleep(3)
            return
        time.sleep(0.5)
    raise SystemExit(f"bench_idle: not all sources were polled within {PATIENCE_S} s: {sources}")


def main():
    with Nginx() as nginx, Daemon(config(nginx.port)) as daemon:
        settle(daemon)
        pid, worker = daemon.process.pid, nginx.worker()
        before = [f(p) for p in (pid, worker) for f in (precise_cpu_s, switches)]
        start = time.monotonic()
        time.sleep(IDLE_S)
        seconds = time.monotonic() - start
        after = [f(p) for p in (pid, worker) for f in (precise_cpu_s, switches)]
        ours, our_switches, theirs, their_switches = ((b - a) / seconds for a, b in zip(before, after))
        rss, pss = memory_mb(pid, "status", "VmRSS"), memory_mb(pid, "smaps_rollup", "Pss")
    what = f"{SOURCES} sources"
    limit = "limit: 16 MB + 2 KB a source"
    write(sys.argv[1], "idle", [
        case(f"CPU, {what}", ours * 60, "s/min", "idle nginx worker", theirs * 60),
        case(f"wake-ups, {what}", our_switches, "1/s", "idle nginx worker", their_switches),
        case(f"resident memory (RSS), {what}", rss, "MB", limit, LIMIT_MB),
        case(f"proportional memory (PSS), {what}", pss, "MB", limit, LIMIT_MB),
    ])


main()
