# SPDX-License-Identifier: ISC
"""The matcher's sets (FORMAT.md, 2): each row as questions to match_dump, and what its answer is held against."""
import re, unicodedata

LEFTMOST = {"BASICS", "LEFTMOST", "LEFTMOST_FIRST", "NON_OVERLAPPING", "REGRESSION", "ASCII_CASE_INSENSITIVE",
            "ASCII_CASE_INSENSITIVE_NON_OVERLAPPING"}
ANCHORED = {"ANCHORED_BASICS", "ANCHORED_LEFTMOST", "ANCHORED_LEFTMOST_FIRST", "ANCHORED_NON_OVERLAPPING"}
EACH = {"OVERLAPPING", "ASCII_CASE_INSENSITIVE_OVERLAPPING"}
PAIRS = {"mentions": "mentions", "hashtags": "hashtags", "cashtags": "cashtags", "hashtags_from_astral": "hashtags"}
PLACES = {"mentions_with_indices": "mentions", "hashtags_with_indices": "hashtags", "cashtags_with_indices": "cashtags"}


def quoted(pattern):
    return re.sub(r"([^\w\s])", r"\\\1", pattern)


def texts(row_text, places):
    b = row_text.encode()
    return [b[s:e].decode() for s, e in places]


def aho_corasick(row):
    """(key, question, function of the answer giving want and got), or nothing where the row has no like in the product."""
    kind, patterns = row["collection"], row["patterns"]
    flag = "i" if "INSENSITIVE" in kind else ""
    if not patterns or "" in patterns or not row["haystack"].isprintable():
        return  # an expression that stands for nothing is refused
    if kind in LEFTMOST or kind in ANCHORED:
        body = "|".join(quoted(p) for p in patterns)
        want = [m[1:] for m in row["matches"]]
        q = f"/{body}/{flag}"
        if kind in ANCHORED:
            q, want = f"/\\A(?:{body})/", want[:1]
        yield kind, {"op": "match", "queries": [q], "text": row["haystack"]}, lambda a: (want, a["found"][0])
    elif kind in EACH:
        want = sorted({m[0] for m in row["matches"]})
        yield kind, {"op": "match", "queries": [f"/{quoted(p)}/{flag}" for p in patterns], "text": row["haystack"]}, \
            lambda a: (want, [i for i, f in enumerate(a["found"]) if f])


def extract(row):
    kind, text = row["kind"], row["text"]
    cut = {"op": "cut", "text": text}
    if kind in PAIRS:
        yield kind, cut, lambda a: (row["expected"], texts(text, a[PAIRS[kind]]))
    elif kind in PLACES:
        name = PLACES[kind]
        yield kind, cut, lambda a: ([[s + len(text.encode()[s:].decode()[0].encode()), e] for s, e in row["utf8_ranges"]], a[name])


def validate(row):
    kind, text = row["kind"], row["text"]
    if kind in ("usernames", "hashtags"):
        name = "mentions" if kind == "usernames" else kind
        yield kind, {"op": "cut", "text": text}, lambda a: (row["valid"], texts(text, a[name]) == [text[1:]])


def highlight(row):
    """A watch of the words that are to be lit lights them."""
    if row["kind"] == "plain_text" and row["hits"]:
        text = row["text"]
        want = [[len(text[:s].encode()), len(text[:e].encode())] for s, e in row["hits"]]
        parts = " OR ".join(f'"{text[s:e]}"' for s, e in row["hits"])
        yield "plain_text", {"op": "match", "queries": [parts], "text": text}, lambda a: (want, a["found"][0])


def tld(row):
    """A link to that host is found by its domain."""
    host = row["text"].split("://")[1]
    yield row["kind"], {"op": "match", "queries": [f'domain:"{host}"', 'domain:"example.org"'], "text": "", "link": row["text"]}, \
        lambda a: ([True, False], [bool(f) for f in a["found"]])


# --- queries ---------------------------------------------------------------------------------------------------------

def tree_of(clauses, at=0):
    """(node, next): a term's text, or a list of a connective and nodes."""
    depth, text = clauses[at]
    node, at = [text], at + 1
    while at < len(clauses) and clauses[at][0] > depth:
        child, at = tree_of(clauses, at)
        node.append(child)
    return (node if len(node) > 1 else text), at


def flat(name, nodes):
    """Lists in lists of the same kind are one; a list of one is that one."""
    out = [name]
    for n in nodes:
        out += n[1:] if isinstance(n, list) and n[0] == name else [n]
    return out[1] if len(out) == 2 else out


def normal(node):
    return flat(node[0], [normal(n) for n in node[1:]]) if isinstance(node, list) and node[0] != "not" else \
        ["not", normal(node[1])] if isinstance(node, list) else node


def of_peer(ast):
    kind = ast[0]
    if kind in ("And", "Or"):
        return flat("all of" if kind == "And" else "any of", [of_peer(a) for a in ast[1]])
    if kind == "Including":
        return of_peer(ast[1])
    if kind == "Excluding":
        return ["not", of_peer(ast[1])]
    if kind == "Group":
        return of_peer(ast[1])
    return ast[1] if kind == "Text" else ast[1] + ":" + ast[2] if kind == "Pair" else f'"{ast[1]}"' if kind == "Exactly" else str(ast)


def search_query(row):
    ask = {"op": "tree", "query": row["query"]}
    if row["kind"] == "parse":
        yield "parse", ask, lambda a: (of_peer(row["ast"]), a.get("error") or normal(tree_of(a["clauses"])[0]))
    elif row["kind"] == "roundtrip":
        yield "survives", ask, lambda a: (True, "error" in a or bool(a["clauses"]))


# --- Unicode's word breaks -------------------------------------------------------------------------------------------

def is_word(text):
    return any(unicodedata.category(c)[0] in "LN" or c == "_" or unicodedata.category(c) == "So" for c in text)


def seen(part):
    """Without what nobody sees at its ends, and accents of nothing."""
    return part.strip("".join(c for c in part if unicodedata.category(c) in ("Cf", "Mn")))


def word_breaks(path):
    """Of each line the segments that hold a letter, a digit or a picture, against the words that the text is cut into."""
    for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        parts = [[chr(int(c, 16)) for c in p.replace("×", " ").split()] for p in line.split("#")[0].split("÷")]
        parts = ["".join(p) for p in parts if p]
        text = "".join(parts)
        if not parts or any(unicodedata.category(c) == "Cc" and c not in "\t\n" for c in text):
            continue  # texts hold no controls
        want = [seen(p) for p in parts if is_word(p)]
        yield f"{path.name}:{n}", {"text": text}, "words", {"op": "cut", "text": text}, \
            lambda a, want=want, text=text: (want, [seen(w) for w in texts(text, a["words"])])


SETS = {"aho-corasick": aho_corasick, "twitter-text-extract": extract, "twitter-text-validate": validate,
        "twitter-text-hit-highlighting": highlight, "twitter-text-tlds": tld, "twitter-search-query": search_query}


def jobs(folder, rows):
    """(set, where, row, key, question, judge) of all sets."""
    for stem, where, row in rows(folder, "matching/*.jsonl"):
        for key, question, judge in SETS[stem](row):
            yield "matching/" + stem, where, row, key, question, judge
    for where, row, key, question, judge in word_breaks(folder / "unicode" / "WordBreakTest.txt"):
        yield "unicode/word-breaks", where, row, key, question, judge
