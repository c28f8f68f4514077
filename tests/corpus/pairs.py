# SPDX-License-Identifier: ISC
"""The pairs of the corpus: a document, and what a peer's test asserts about it (FORMAT.md, 1), held against our model."""
from compare import same_text, same_time, squeeze
from decisions import Case, explain

OUTSIDE = object()  # our model has no such value
EXTENSIONS = {"itunes", "media-rss", "psc", "geo", "cdf"}
TEXTS = {"title", "summary", "content", "body", "summary_or_content", "content_text", "summary_text"}
TIMES = {"published", "updated", "created", "date"}


def set_name(doc, expect):
    tags = set(expect.get("tags") or ())
    if doc.parent.name != "feedparser":
        return "feeds/" + doc.parent.name
    return "feeds/feedparser" + ("/sanitize" if "sanitize" in tags else "/extensions" if tags & EXTENSIONS else "")


def question(doc, expect):
    request = expect.get("request") or {}
    headers = {k.lower(): v for k, v in (request.get("headers") or {}).items()}
    return {"op": "feed", "path": str(doc), "url": request.get("url"), "content_type": headers.get("content-type")}


# --- our value of a peer's key ---------------------------------------------------------------------------------------

def item_text(post, key):
    text, summary = post["text"], post["summary"]
    if key == "title":
        return post["title"]
    if key in ("summary", "summary_text", "summary_or_content"):
        return summary or text
    return text


def at(values, i):
    return values[i] if i < len(values) else {}


def item_value(post, keys, want):
    """(ours, how to compare)."""
    key = keys[0]
    if key in TEXTS:
        return item_text(post, key), same_text
    if key in ("id", "language"):
        return post[key], same_exactly if key == "id" else same_language
    if key == "link":
        return post["url"], same_exactly
    if key in TIMES:
        first = post["updated"] if key == "updated" else post["published"]
        return first or (post["updated"] or post["published"] if key == "date" else None), same_time
    if key == "author":
        return ", ".join(a["name"] or "" for a in post["authors"]), same_text
    if key == "authors" and len(keys) == 3 and keys[2] in ("name", "uri"):
        a = at(post["authors"], keys[1])
        return a.get("name" if keys[2] == "name" else "url"), same_text if keys[2] == "name" else same_exactly
    if key == "categories" and keys[-1] == "term":
        return post["tags"], is_in
    if key == "enclosures" and len(keys) == 3:
        return at(post["enclosures"], keys[1]).get(keys[2]), same_exactly
    if key in ("external_url", "orig_link"):
        return post["links"] + [post["url"]], is_in
    return OUTSIDE, None


def feed_value(feed, keys, want):
    key = keys[0]
    if len(keys) == 1 and key == "title":
        return feed["title"], same_text
    if key in ("self", "link"):
        return feed["self" if key == "self" else "url"], same_exactly
    if key == "language":
        return feed["language"], same_language
    if key == "updated":
        return feed["updated"], same_time
    if key == "ttl" or key == "ttl_minutes":
        return feed["ttl_ms"] // 60000, same_exactly
    if key == "ttl_seconds":
        return feed["ttl_ms"] // 1000, same_exactly
    return OUTSIDE, None


# --- comparing -------------------------------------------------------------------------------------------------------

def same_exactly(want, got):
    return str(want) == str(got)


def same_language(want, got):
    return (want or "").lower() == (got or "").lower()


def is_in(want, got):
    return any(same_text(want, g) for g in got)


def same_encoding(want, got, raw):
    """The right charset is one that reads these bytes the same way."""
    try:
        return raw.decode(want, "replace").lstrip("\ufeff") == raw.decode(got or "", "replace").lstrip("\ufeff")
    except LookupError:
        return want.lower() == (got or "").lower()


def leaves(value, path=()):
    if isinstance(value, dict):
        for k, v in value.items():
            yield from leaves(v, path + (k,))
    elif isinstance(value, list):
        for i, v in enumerate(value):
            yield from leaves(v, path + (i,))
    elif value is not None:
        yield path, value


def dotted(path):
    return ".".join(str(p) for p in path if not isinstance(p, int))


def judge(s, doc, expect, answer):
    where = f"{doc.parent.name}/{doc.name}"
    if answer is None:
        s.count("survives", where, "an answer", "a crash", False)
        return
    d = answer.get("document")
    if "ok" in expect:
        s.count("ok", where, expect["ok"], d is not None, expect["ok"] == (d is not None))
    if d is None:
        if expect.get("ok") is not False and any(k in expect for k in ("feed", "items", "item_count")):
            s.count("ok", where, "a document", answer.get("error"), False)
        return
    if "type" in expect:
        ours = "json" if answer["type"] == "jsonfeed" else answer["type"]
        s.count("type", where, expect["type"], ours, ours == ("json" if expect["type"] == "json" else "feed"))
    if expect.get("encoding"):
        s.count("encoding", where, expect["encoding"], answer.get("encoding"),
                same_encoding(expect["encoding"], answer.get("encoding"), doc.read_bytes()))
    posts = d["posts"]
    if "item_count" in expect:
        s.count("item_count", where, expect["item_count"], len(posts), expect["item_count"] == len(posts))
    if "item_count_min" in expect:
        s.count("item_count", where, expect["item_count_min"], len(posts), expect["item_count_min"] <= len(posts))
    judge_values(s, where, expect, d, doc.read_bytes())
    judge_parts(s, where, expect, d)


def judge_values(s, where, expect, d, raw):
    around = {"set": s.name, "expect": expect, "feed": d["feed"], "raw": raw}
    for path, want in leaves(expect.get("feed") or {}):
        got, same = feed_value(d["feed"], path, want)
        put(s, f"{where} feed.{'.'.join(map(str, path))}", same, Case("feed." + dotted(path), want, got, **around))
    for i, item in enumerate(expect.get("items") or ()):
        for path, want in leaves(item or {}):
            put_item(s, f"{where} items.{i}.{'.'.join(map(str, path))}", at(d["posts"], i), path,
                     Case(dotted(path), want, None, item=item, **around))


def put_item(s, place, post, path, case):
    if not post:
        s.count(case.key, place, case.want, "no such item", False)
        return
    case.post = post
    case.got, same = item_value(post, path, case.want)
    put(s, place, same, case)


def put(s, place, same, c):
    if c.got is OUTSIDE:
        s.outside[c.key] += 1
    else:
        s.count(c.key, place, c.want, c.got, True if same(c.want, c.got) else explain(c))


# --- absent, contains, prefix, find, every ---------------------------------------------------------------------------

def resolve(d, path):
    """Our value at "items.0.title"."""
    keys = [int(k) if k.isdigit() else k for k in path.split(".")]
    if keys[0] == "feed":
        return feed_value(d["feed"], keys[1:], None)[0]
    post = at(d["posts"], keys[1])
    return item_value(post, keys[2:], None)[0] if post else None


def judge_parts(s, where, expect, d):
    tests = {
        "contains": lambda want, got: squeeze(want) in squeeze(got),
        "not_contains": lambda want, got: squeeze(want) not in squeeze(got),
        "prefix": lambda want, got: squeeze(got).startswith(squeeze(want)),
    }
    for path in expect.get("absent") or ():
        got = resolve(d, path)
        if got is not OUTSIDE:
            s.count("absent", f"{where} {path}", None, got, not got)
    for kind, test in tests.items():
        for part in expect.get(kind) or ():
            got = resolve(d, part["path"])
            if got is not OUTSIDE:
                s.count(kind, f"{where} {part['path']}", part["value"], got, test(part["value"], got or ""))
