#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Judges the codecs by other projects' test data, which is read in place: ../shared/corpus or $MONITORD_CORPUS.

Prints per set and key how many values were compared, agreed, disagree by a decision of ours (README.md) and disagree
otherwise; lists every disagreement under BUILD/corpus/.  Fails if a set has more of the last kind than ALLOWED."""
import argparse, collections, json, os, re, subprocess, sys, threading
import xml.etree.ElementTree as xml
from pathlib import Path

import compare, matching, pairs
from decisions import Case, DECISIONS, OF_MATCHING, explain

ROOT = Path(__file__).resolve().parents[2]
ALLOWED = 0.005          # of the values of a set
SLOW_MS = 1000           # processor time of one document
CUT_FILES, CUT_STEP, CUT_MAX = 200, 64, 64_000   # bytes; the time grows with the square of a file's length


def corpus_folder():
    named = os.environ.get("MONITORD_CORPUS")
    folder = Path(named) if named else ROOT.parent / "shared" / "corpus"
    return folder if (folder / "FORMAT.md").exists() else None


def ask(program, questions):
    """Yields (question, answer) in order; the answer is None where the program died, and the rest goes to a new one."""
    questions = list(questions)
    at = 0
    while at < len(questions):
        p = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")

        def feed(first=at):
            try:
                for q in questions[first:]:
                    p.stdin.write(json.dumps(q) + "\n")
                p.stdin.close()
            except BrokenPipeError:
                pass
        writer = threading.Thread(target=feed)
        writer.start()
        for line in p.stdout:
            yield questions[at], json.loads(line)
            at += 1
        p.wait()
        writer.join()
        if at < len(questions):
            yield questions[at], None
            at += 1


class Set:
    """The figures of one set, and the file that lists its disagreements."""

    def __init__(self, name, out):
        self.name, self.counts, self.outside = name, collections.defaultdict(collections.Counter), collections.Counter()
        self.path = out / (name.replace("/", "-") + ".txt")
        self.list = open(self.path, "w", encoding="utf-8")

    def count(self, key, where, want, got, verdict):
        """`verdict`: True agrees, a word names the decision that explains it, False disagrees."""
        self.counts[key]["agreed" if verdict is True else verdict if verdict else "disagreed"] += 1
        if verdict is not True:
            self.list.write(f"{verdict or 'DISAGREED'}\t{key}\t{where}\n  want {want!r}\n  got  {got!r}\n")

    def report(self, verbose):
        self.list.close()
        all_keys = collections.Counter()
        for c in self.counts.values():
            all_keys.update(c)
        n, bad = sum(all_keys.values()), all_keys["disagreed"]
        print(line(self.name, all_keys), f" {100 * bad / n if n else 0:.2f} %")
        if verbose:
            for key in sorted(self.counts):
                print(line("    " + key, self.counts[key]))
            for key in sorted(self.outside):
                print(f"    {key:<32}{self.outside[key]:>9}  outside the product's model")
        self.agreed = all_keys["agreed"] / n if n else 1
        return bad <= ALLOWED * n


def fallen(sets):
    """Sets that agree less than they did: reached.json has the percentage of each, to a tenth, rounded down."""
    reached = json.loads((Path(__file__).parent / "reached.json").read_text())
    return [f"{name} agrees in {100 * s.agreed:.2f} %, it was {reached[name]} %"
            for name, s in sorted(sets.items()) if 100 * s.agreed < reached.get(name, 0)]


def line(name, c):
    decided = {k: n for k, n in c.items() if k not in ("agreed", "disagreed")}
    names = " ".join(f"{k}={n}" for k, n in sorted(decided.items()))
    return f"{name:<36}{sum(c.values()):>9}{c['agreed']:>9}{sum(decided.values()):>9}{c['disagreed']:>10}  {names}"


def run_pairs(program, folder, out, sets):
    """feeds/*: documents with what a peer's test asserts."""
    cases = []
    for path in sorted(folder.glob("feeds/*/*.expect.json")):
        expect = json.loads(path.read_text(encoding="utf-8"))
        stem = path.name[:-len(".expect.json")]
        doc = next(p for p in (path.parent / (stem + e) for e in (".xml", ".json", ".html")) if p.exists())
        cases.append((doc, expect))
    questions = [pairs.question(doc, expect) for doc, expect in cases]
    for (doc, expect), (_, answer) in zip(cases, ask(program, questions)):
        name = pairs.set_name(doc, expect)
        if name not in sets:
            sets[name] = Set(name, out)
        pairs.judge(sets[name], doc, expect, answer)


def rows(folder, pattern):
    for path in sorted(folder.glob(pattern)):
        for n, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if text.strip():
                yield path.stem, f"{path.name}:{n}", json.loads(text)


def run_rows(program, folder, out, sets):
    """dates/ and html-text/: one line, one value."""
    jobs = []
    for stem, where, row in rows(folder, "dates/*.jsonl"):
        op = "http_date" if stem == "curl" and row.get("utc", "") is None else "date"  # it refuses by HTTP's grammar
        jobs.append(("dates/" + stem, where, row, {"op": op, "in": row["in"]}, compare.date_row))
    for stem, where, row in rows(folder, "html-text/*.jsonl"):
        if "html" in row:
            jobs.append(("html-text/" + stem, where, row, {"op": "html", "in": row["html"]}, compare.html_row))
        else:
            jobs.append(("html-text/" + stem, where, row, {"op": "unescape", "in": row["in"]}, compare.entity_row))
    for (name, where, row, q, judge), (_, answer) in zip(jobs, ask(program, [j[3] for j in jobs])):
        if name not in sets:
            sets[name] = Set(name, out)
        want, got, verdict = judge(row, answer["out"] if answer else "crashed")
        if not verdict:
            verdict = explain(Case("out", want, got, row=row, set=name))
        sets[name].count("out", f"{where} {q['in']!r}", want, got, verdict)


def run_matching(program, folder, out, sets):
    """matching/ and Unicode's word breaks: queries over texts, and texts cut into words."""
    jobs = list(matching.jobs(folder, rows))
    for (name, where, row, key, q, judge), (_, answer) in zip(jobs, ask(program, [j[4] for j in jobs])):
        if name not in sets:
            sets[name] = Set(name, out)
        want, got = judge(answer) if answer else ("an answer", "a crash")
        verdict = want == got or explain(Case(key, want, got, row=row, set=name))
        sets[name].count(key, f"{where} {row.get('text', row.get('query'))!r}", want, got, verdict)


def run_real(program, folder, out, sets):
    """real-world/: they must parse, and hold about as many items as they have start tags of items."""
    s = sets["real-world"] = Set("real-world", out)
    manifest = [r for _, _, r in rows(folder, "real-world/manifest.jsonl")]
    for row, (_, a) in zip(manifest, ask(program, [{"op": "feed", "path": str(folder / "real-world" / r["file"])}
                                                   for r in manifest])):
        n = len(a["document"]["posts"]) if a and "document" in a else -1
        if row["items"] is not None:
            case = Case("items", row["items"], n, raw=(folder / "real-world" / row["file"]).read_bytes())
            s.count("items", row["file"], row["items"], n, n == row["items"] or explain(case))
        s.count("fast", row["file"], f"<= {SLOW_MS} ms", a and a["ms"], bool(a) and a["ms"] <= SLOW_MS)


def run_opml(program, folder, out, sets):
    """opml/: what a peer refuses is refused, and each feed comes out in order, under the names of its folders."""
    s = sets["opml"] = Set("opml", out)
    manifest = [r for _, _, r in rows(folder, "opml/manifest.jsonl")]
    for row, (_, a) in zip(manifest, ask(program, [{"op": "opml", "path": str(folder / "opml" / r["file"])} for r in manifest])):
        taken, right = a is not None and "error" not in a, row.get("ok", True)
        s.count("ok", row["file"], right, taken, taken == right)
        if not taken or not right:
            continue
        want = list(outlines(xml.parse(folder / "opml" / row["file"]).find("body"), []))
        got = a["feeds"] + [None] * (len(want) - len(a["feeds"]))
        s.count("feeds", row["file"], len(want), len(a["feeds"]), len(want) == len(a["feeds"]))
        for w, g in zip(want, got):
            for key in w:
                s.count(key, f"{row['file']} {w['url']}", w[key], g and g[key], bool(g) and w[key] == (g[key] or w[key][:0]))


def outlines(node, folders):
    """A plain reading of OPML to compare with: opml.org/spec2.opml, and newsboat's attribute for old lists."""
    for o in node.findall("outline"):
        url = o.get("xmlUrl") or (o.get("url") if o.get("type") not in ("link", "include") else None)
        if url:
            tags = folders + [t.strip() for t in o.get("category", "").replace("/", ",").split(",")]
            yield {"url": url, "title": o.get("title") or o.get("text") or "",
                   "tags": list(dict.fromkeys(t for t in tags if t))}
        yield from outlines(o, folders + ([] if url else [o.get("text") or o.get("title") or ""]))


def x_posts(body):
    """What X's answer holds: an edit counts as the post that it is an edit of."""
    data = body.get("data", [])
    for t in data if isinstance(data, list) else [data]:
        if "id" in t and "text" in t:
            refs = {r["type"]: r["id"] for r in t.get("referenced_tweets", [])}
            lang = t.get("lang", "")
            yield {"id": t.get("edit_history_tweet_ids", [t["id"]])[0], "author": t.get("author_id"),
                   "language": None if lang in ("", "und", "zxx") or lang.startswith("q") else lang,
                   "reply_to": refs.get("replied_to"), "quote_of": refs.get("quoted"), "repost_of": refs.get("retweeted")}


def mastodon_posts(body):
    statuses = body if isinstance(body, list) else body.get("statuses", [body]) if isinstance(body, dict) else []
    for s in statuses:
        if isinstance(s, dict) and isinstance(s.get("account"), dict) and "uri" in s and "content" in s:
            boosted = s.get("reblog") or {}
            yield {"id": s["uri"], "author": s["account"].get("uri") or s["account"]["url"],
                   "language": s.get("language") or boosted.get("language"), "repost_of": boosted.get("uri")}


def got_of(key, post):
    return (post["author"] or {}).get("id") if key == "author" else post[key]


def judge_posts(s, where, want, answer):
    """No post is lost, none is made up, and each says what it is."""
    posts = (answer or {}).get("posts", [])
    s.count("survives", where, "an answer", "a crash", answer is not None)
    s.count("fast", where, f"<= {SLOW_MS} ms", answer and answer["ms"], bool(answer) and answer["ms"] <= SLOW_MS)
    s.count("posts", where, len(want), len(posts), len(want) == len(posts))
    for w, p in zip(want, posts):
        for key in w.keys() - {"text"}:
            s.count(key, f"{where} {w['id']}", w[key], got_of(key, p), w[key] == got_of(key, p))
        s.count("text", f"{where} {w['id']}", w.get("text", "some"), p["text"],
                p["text"] == w["text"] if "text" in w else bool(p["text"] or p["enclosures"] or p["title"]))


def run_social(program, folder, out, sets):
    """social/*: each answer by its network's codec, and each event of Bluesky's stream that is a post."""
    jobs = []
    for stem, where, body in rows(folder, "social/x-v2/*.jsonl"):
        jobs.append(("social/x", where, list(x_posts(body)), {"op": "social", "type": "x", "body": json.dumps(body)}))
    for stem, where, row in rows(folder, "social/mastodon/*.jsonl"):
        try:
            want = list(mastodon_posts(json.loads(row["body"])))
        except ValueError:
            want = []
        jobs.append(("social/mastodon", where, want, {"op": "social", "type": "mastodon", "body": row["body"]}))
    for stem, where, row in rows(folder, "social/bluesky/*.jsonl"):
        c = row.get("commit", {})
        post = c.get("collection") == "app.bsky.feed.post" and "record" in c
        r = c.get("record", {}) if post else {}
        want = [{"id": f"at://{row['did']}/{c['collection']}/{c['rkey']}", "author": row["did"],
                 "text": " ".join(r["text"].split()) or None, "language": (r.get("langs") or [None])[0],
                 "reply_to": r.get("reply", {}).get("parent", {}).get("uri")}] if post else []
        q = {"op": "record", "did": row["did"], "rkey": c.get("rkey", ""), "record": r}
        jobs.append(("social/bluesky", where, want, q))
    for (name, where, want, q), (_, answer) in zip(jobs, ask(program, [j[3] for j in jobs])):
        if name not in sets:
            sets[name] = Set(name, out)
        if name == "social/bluesky" and answer:
            for p in answer["posts"]:
                p["text"] = " ".join((p["text"] or "").split()) or None
        judge_posts(sets[name], where, want, answer)


def run_robust(program, folder, out, sets):
    """Every file of the corpus, and prefixes of the longest ones that are short enough: no crash, no hang."""
    s = sets["robust"] = Set("robust", out)
    files = [p for d in ("feeds", "real-world", "robust", "opml", "html-text", "dates") for p in sorted((folder / d).rglob("*"))
             if p.is_file()]
    documents = [p for d in ("feeds", "real-world") for p in (folder / d).rglob("*")
                 if p.suffix in (".xml", ".json", ".html") and ".expect" not in p.name and p.stat().st_size <= CUT_MAX]
    cut = sorted(documents, key=lambda p: (-p.stat().st_size, p))[:CUT_FILES]
    questions = [{"op": "feed", "path": str(p)} for p in files]
    questions += [{"op": "cuts", "path": str(p), "step": CUT_STEP} for p in cut]
    for q, a in ask(program, questions):
        where = str(Path(q["path"]).relative_to(folder))
        s.count("survives" if q["op"] == "feed" else "survives cuts", where, "an answer", "a crash", a is not None)
        if a:
            s.count("fast" if q["op"] == "feed" else "fast cuts", where, f"<= {SLOW_MS} ms", a["ms"], a["ms"] <= SLOW_MS)


def undocumented():
    """Decisions that README.md does not name, and names there that are none."""
    table = set(re.findall(r"^\| ([a-z][a-z0-9-]*) \|", (Path(__file__).parent / "README.md").read_text(encoding="utf-8"), re.M))
    return (table - {"name"}) ^ {name for name, _ in DECISIONS + OF_MATCHING}


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--build", default="build")
    ap.add_argument("--quick", action="store_true", help="without the prefixes")
    ap.add_argument("--keys", action="store_true", help="the figures of each key, too")
    args = ap.parse_args()
    folder = corpus_folder()
    if folder is None:
        print("skipped: no corpus at ../shared/corpus, and MONITORD_CORPUS names none")
        return 0
    build = (ROOT / args.build).resolve()
    out, program = build / "corpus", build / "tests" / "corpus" / "corpus_dump"
    out.mkdir(exist_ok=True)
    if undocumented():
        print("README.md and decisions.py differ:", *sorted(undocumented()))
        return 1
    sets = {}
    run_pairs(program, folder, out, sets)
    run_rows(program, folder, out, sets)
    run_matching(program.with_name("match_dump"), folder, out, sets)
    run_real(program, folder, out, sets)
    run_opml(program, folder, out, sets)
    run_social(program, folder, out, sets)
    if not args.quick:
        run_robust(program, folder, out, sets)
    print(f"{'set':<36}{'compared':>9}{'agreed':>9}{'decided':>9}{'disagreed':>10}")
    good = [sets[name].report(args.keys) for name in sorted(sets)]
    print(f"{sum(good)} of {len(good)} sets have at most {100 * ALLOWED} % unexplained disagreements; listed in {out}")
    for complaint in fallen(sets):
        print(complaint)
    return 0 if all(good) and not fallen(sets) else 1


if __name__ == "__main__":
    sys.exit(main())
