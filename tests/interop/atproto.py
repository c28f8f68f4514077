# SPDX-License-Identifier: ISC
"""A real AT Protocol network on loopback (npm's @atproto/dev-env with PostgreSQL and Redis), and what its users do."""
import base64, glob, hashlib, hmac, json, os, pwd, shutil, subprocess, tempfile, threading, time, urllib.error, urllib.request
from datetime import datetime, timezone
from pathlib import Path

from receivers import WITH_US, free_port, stop, wait_for_port

MODULES = Path(os.environ.get("MONITORD_BUILD", "build")).resolve() / "interop"
JWT_SECRET = "jwt-secret"  # what dev-env's servers of accounts sign with


class Network:
    """`pds` is where accounts are, `appview` where everybody's posts can be read.  Starting takes half a minute."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="monitord-atproto-"))
        self.folder.chmod(0o755)
        self.processes, self.said = [], open(self.folder / "log", "wb")
        try:
            postgres, redis = self._postgres(), self._redis()
            env = dict(os.environ, DB_POSTGRES_URL=f"postgresql://postgres@127.0.0.1:{postgres}/postgres",
                       REDIS_HOST=f"127.0.0.1:{redis}", TMPDIR=str(self.folder), NODE_ENV="test", LOG_ENABLED="false")
            node = self._run(["node", Path(__file__).with_name("network.cjs")], cwd=MODULES, env=env, stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE)
            line = self._first_line(node, 180)
            self.pds, self.appview = line["pds"], line["appview"]
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for p in reversed(self.processes):
            stop(p)
        self.said.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    def _run(self, command, **options):
        options = {"stdin": subprocess.DEVNULL, "stdout": self.said, "stderr": self.said, **options}
        self.processes.append(subprocess.Popen([*WITH_US, *command], **options))
        return self.processes[-1]

    def _first_line(self, process, seconds):
        late = threading.Timer(seconds, process.kill)
        late.start()
        try:
            for line in process.stdout:
                if line.startswith(b'{"pds"'):
                    threading.Thread(target=process.stdout.read, daemon=True).start()
                    return json.loads(line)
        finally:
            late.cancel()
        raise AssertionError(f"the network did not start:\n{self.log()[-4000:]}")

    def _postgres(self):
        bin_, data, port = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1], self.folder / "postgres", free_port()
        data.mkdir()
        if os.geteuid() == 0:  # which it refuses
            user = pwd.getpwnam("postgres")
            os.chown(data, user.pw_uid, user.pw_gid)
            as_user = ["setpriv", "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups"]
        else:
            as_user = []
        subprocess.run([*as_user, f"{bin_}/initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8",
                        "--locale", "C.UTF-8"], check=True, stdout=self.said, stderr=self.said, cwd="/")
        self._run([*as_user, *WITH_US, f"{bin_}/postgres", "-D", data, "-h", "127.0.0.1", "-p", str(port), "-k", data,
                   "-c", "fsync=off"], cwd="/")
        wait_for_port(port, self.processes[-1], 60)
        return port

    def _redis(self):
        port = free_port()
        self._run(["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"],
                  cwd=self.folder)
        wait_for_port(port, self.processes[-1], 60)
        return port


def call(base, nsid, body=None, token=None, **params):
    """One XRPC call: a procedure if there is a body, else a query."""
    query = "&".join(f"{k}={urllib.request.quote(str(v), safe='')}" for k, v in params.items())
    headers = {"Content-Type": "application/json"} if body is not None else {}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(f"{base}/xrpc/{nsid}?{query}", headers=headers,
                                     data=json.dumps(body).encode() if body is not None else None)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
    except urllib.error.HTTPError as e:
        raise AssertionError(f"{nsid}: {e.code} {e.read()[:500]}") from None
    return json.loads(text) if text else None


class User:
    """An account of the network, and what its owner does with it."""

    PASSWORD = "correct horse"

    def __init__(self, network, name):
        self.network, self.handle = network, f"{name}.test"
        session = call(network.pds, "com.atproto.server.createAccount",
                       {"handle": self.handle, "email": f"{name}@mail.test", "password": self.PASSWORD})
        self.did, self.token = session["did"], session["accessJwt"]

    def do(self, nsid, **body):
        return call(self.network.pds, nsid, body, self.token)

    def app_password(self):
        return self.do("com.atproto.server.createAppPassword", name="monitord")["password"]

    def create(self, collection, record):
        """A record in the user's repository: {"uri", "cid"}."""
        record = {"$type": collection, "createdAt": datetime.now(timezone.utc).isoformat().replace("+00:00", "Z"), **record}
        ref = self.do("com.atproto.repo.createRecord", repo=self.did, collection=collection, record=record)
        return {"uri": ref["uri"], "cid": ref["cid"]}

    def post(self, text, **more):
        return self.create("app.bsky.feed.post", {"text": text, **more})

    def reply(self, text, parent, root=None):
        return self.post(text, reply={"parent": parent, "root": root or parent})

    def quote(self, text, ref):
        return self.post(text, embed={"$type": "app.bsky.embed.record", "record": ref})

    def repost(self, ref):
        return self.create("app.bsky.feed.repost", {"subject": ref})

    def delete(self, ref):
        collection, rkey = ref["uri"].split("/")[3:]
        self.do("com.atproto.repo.deleteRecord", repo=self.did, collection=collection, rkey=rkey)


def expired(token):
    """The same token, properly signed, but of yesterday."""
    def part(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    head, claims, _ = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(claims + "=="))
    claims.update(iat=int(time.time()) - 90000, exp=int(time.time()) - 86400)
    signed = f"{head}.{part(json.dumps(claims).encode())}"
    return f"{signed}.{part(hmac.new(JWT_SECRET.encode(), signed.encode(), hashlib.sha256).digest())}"
