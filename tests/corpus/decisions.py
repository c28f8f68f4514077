# SPDX-License-Identifier: ISC
"""Our choices where peers differ, as rules that say whether a disagreement follows from one.  README.md has the reasons.

Each rule gets the case `c` (see Case) and must hold for what the decision says, never for a file's name."""
import calendar, collections, re, unicodedata
from urllib.parse import urljoin

from compare import alt, fold, instant, squeeze, text
from matching import seen

HTTP = re.compile(r"https?://", re.I)


class Case:
    """One disagreement: key, want, got; and what is around it: `row` of a line, else `doc`, `expect`, `item` of a pair."""

    def __init__(self, key, want, got, **around):
        self.key, self.want, self.got = key, want, got
        self.__dict__.update({"row": None, "raw": b"", "expect": {}, "feed": {}, "item": {}, "post": {}, "set": ""}, **around)

    @property
    def doc(self):
        return self.raw.decode("utf-8", "replace")

    def header(self, name):
        headers = (self.expect.get("request") or {}).get("headers") or {}
        return {k.lower(): v for k, v in headers.items()}.get(name)


def squeezed(s):
    return squeeze(s) if isinstance(s, str) else ""


def texts(c):
    return isinstance(c.want, str) and (isinstance(c.got, str) or c.got is None) and not c.row


def bodies(c):
    """The HTML that stands for a plain text of the peer's."""
    siblings = [c.item.get(k) for k in ("content", "summary", "body")] if c.key.endswith("_text") else []
    return [h for h in siblings + [c.want] if h]


def is_alt(c):
    return texts(c) and any(squeezed(c.got) == squeezed(text(alt(h))) for h in bodies(c))


def is_order(c):
    """All that the peer has is there, in the document's order."""
    have = collections.Counter(squeezed(text(c.got or "")) if texts(c) else "")
    return have and re.search(r"<(div|td|p)\b", c.doc) and any(collections.Counter(squeezed(text(h))) <= have for h in bodies(c))


def dates_in(doc):
    return len(re.findall(r"<(?:\w+:)?(?:created|updated|published|issued|modified)\b", doc))


def count_links(doc):
    return len(re.findall(r"<link[ >]", doc))


def in_link(doc, url):
    return re.search(r"""<link(>\s*| href=["'])""" + re.escape(url) + r"""(\s*<|["'])""", doc)


def not_in_month(date):
    m = re.search(r"\b(\d\d) ([A-Z][a-z]{2}) (\d{4})\b", date)
    months = [calendar.month_abbr[i] for i in range(13)]
    return m and m[2] in months and int(m[1]) > calendar.monthrange(int(m[3]), months.index(m[2]))[1]


LINK_KEYS = {"link", "feed.link", "feed.self", "enclosures.url", "authors.uri", "links.href"}

DECISIONS = [
    # --- dates ---
    ("gmt-offset", lambda c: c.row and re.search(r"GMT[+-]\d", c.row["in"])),
    ("two-digit-year", lambda c: c.row and re.search(r"\b[A-Z][a-z]{2} \d\d \d\d:", c.row["in"])),
    ("after-2038", lambda c: c.row and c.want is None and (c.got or "") > "2038-01-19T03:14:07Z"),
    ("before-1970", lambda c: c.row and str(c.got or "").startswith("1969-12-31")),
    ("no-century", lambda c: c.row and re.fullmatch(r"-?\d{2}-?\d{2,3}|-\d\d-\d\d", c.row["in"]) and c.got is None),
    ("no-such-day", lambda c: c.row and c.got is None and not_in_month(c.row["in"])),
    ("gregorian", lambda c: c.row and re.search(r" 0\d{3} ", c.row["in"]) and c.got is None),
    # --- HTML ---
    ("no-rule", lambda c: c.row and squeezed(c.want).replace("---", "") == squeezed(c.got)),
    ("html5-entity", lambda c: c.row and re.search(r"&(lt|gt|amp|quot)$", c.row["in"])),
    ("alt", is_alt),
    ("mixed-order", is_order),
    ("iframe", lambda c: texts(c) and "iframe" in c.doc and squeezed(c.got) in squeezed(text(c.want))),
    ("hidden", lambda c: texts(c) and re.search(r"(<|&lt;)script", c.doc) and squeezed(c.got) in squeezed(text(c.want))),
    ("escaped-twice", lambda c: texts(c) and c.got and "&lt;" in c.want and squeezed(text(text(c.want))) in squeezed(c.got)),
    ("replacement", lambda c: "�" in str(c.got) and "�" not in str(c.want)),
    # --- what stands where ---
    ("fallback", lambda c: c.key in ("content", "summary") and c.want == "" and c.got),
    ("one-body", lambda c: c.key in ("content", "summary") and re.search(r"<description>", c.doc) and re.search(
        r"<(summary|subtitle)>", c.doc) and squeezed(c.want) in squeezed(c.doc) and squeezed(c.got) in squeezed(c.doc)),
    ("html-first", lambda c: c.key == "content_text" and squeezed(c.got) == squeezed(text(str(c.item.get("content"))))),
    ("text-of-mark-up", lambda c: c.key in ("id", "author") and squeezed(text(c.want)) == squeezed(c.got)),
    ("trimmed", lambda c: c.key in ("id", "link") and fold(str(c.want)) == fold(str(c.got))),
    ("id-verbatim", lambda c: c.key == "id" and c.got and not HTTP.match(c.got) and str(c.want).endswith(c.got)),
    ("all-authors", lambda c: c.key == "author" and any(squeezed(a["name"]) == squeezed(c.want) for a in c.post["authors"])),
    ("author-name", lambda c: c.key == "author" and c.got and str(c.want).startswith(c.got + " (")),
    ("credit", lambda c: c.key == "author" and isinstance(c.want, str) and not c.got and
                         re.search(r"<media:credit[^>]*>\s*" + re.escape(c.want), c.doc)),
    ("unique-tags", lambda c: c.key == "categories.term" and c.want.lower() in (t.lower() for t in c.got)),
    ("term-first", lambda c: c.key == "categories.term" and f'label="{c.want}"' in c.doc and c.got),
    # --- dates of items and feeds ---
    ("no-copied-date", lambda c: c.key in ("updated", "published") and c.got is None and c.post and
        instant(c.want) in (instant(c.post["updated"]), instant(c.post["published"]))),
    ("first-date", lambda c: c.key in ("updated", "published", "created") and c.got and dates_in(c.doc) > 1),
    ("no-derived-date", lambda c: c.key == "feed.updated" and c.got is None and c.raw.lstrip()[:1] == b"{"),
    # --- links ---
    ("first-link", lambda c: c.key in ("link", "feed.link") and count_links(c.doc) > 1 and c.got and
        in_link(c.doc, c.got) and in_link(c.doc, c.want)),
    ("original-link", lambda c: c.key == "link" and c.want in c.post.get("links", ())),
    ("absolute", lambda c: c.key in LINK_KEYS and c.got and not HTTP.match(c.want) and urljoin(c.got, c.want) == c.got),
    ("http-only", lambda c: c.key in LINK_KEYS and not c.got and not HTTP.match(c.want)),
    ("http-only", lambda c: c.key.startswith("enclosures.") and c.got is None and not c.post.get("enclosures")),
    ("self-is-self", lambda c: c.key == "feed.self" and c.got and re.search(
        r"<[^>]*\brel=.self.[^>]*>", c.doc) and c.got in c.doc.replace("&amp;", "&")),
    ("no-home-page", lambda c: c.key == "feed.link" and c.got is None and c.want == c.feed.get("self")),
    ("content-location", lambda c: c.header("content-location")),
    ("content-language", lambda c: c.key == "feed.language" and c.header("content-language") and c.got is None),
    ("no-cdf", lambda c: c.got is None and re.search(r"<(channel|item) (href|lastmod|last-mod)=", c.doc, re.I)),
    # --- real-world files ---
    ("empty-item", lambda c: c.key == "items" and c.want - c.got == len(re.findall(r"<item ?/>", c.doc))),
    ("counted-otherwise", lambda c: c.key == "items" and c.got == len(re.findall(r"<(?:\w+:)?(?:item|entry)[\s>]", c.doc))),
    ("gzip", lambda c: c.key == "items" and c.raw[:2] == b"\x1f\x8b"),
]


def letters_only(names):
    return [n for n in names if re.search(r"[^\W\d_]", n)]


def split_words(c, marks):
    """UAX #29's segments cut further: around pictures and characters of scripts without spaces, and at `marks` inside."""
    out = []
    for part in c.want:
        for ch in part:
            if unicodedata.category(ch) in ("So", "Sk") or "\u3031" <= ch <= "\u30ff":
                out += [ch, ""]
            elif ch in marks or (ch == "\u200d" and out[-1:] == [""]):
                out.append("")
            else:
                out[-1:] = [(out[-1] if out else "") + ch]
        out.append("")
    return [w for w in map(seen, out) if w]


OF_MATCHING = [
    # --- words ---
    ("one-character-words", lambda c: c.key == "words" and split_words(c, "") == c.got),
    ("inner-marks", lambda c: c.key == "words" and split_words(c, "'\".:,") == c.got),
    # --- names, tags and symbols ---
    ("address", lambda c: c.key == "mentions" and any("@" in g for g in c.got) and set(c.want) <= set(c.got)),
    ("address", lambda c: c.key == "usernames" and c.got and re.search(r"[.-]", c.row["text"])),
    ("glued-name", lambda c: c.key == "mentions" and re.search(r"[A-Za-z0-9]@", c.row["text"]) and set(c.got) <= set(c.want)),
    ("any-name", lambda c: c.key == "mentions" and set(c.want) <= set(c.got) and all(re.fullmatch(r"\w+", g) for g in c.got)),
    ("number-tag", lambda c: c.key == "hashtags" and isinstance(c.got, list) and letters_only(c.got) == c.want),
    ("number-tag", lambda c: c.key == "hashtags" and c.got is True and not letters_only([c.row["text"]])),
    ("number-tag", lambda c: c.key == "hashtags_with_indices" and re.search(r"#\d+\b", c.row["text"]) and
        all(w in c.got for w in c.want)),
    ("tag-ends", lambda c: c.key == "hashtags" and [re.sub(r"\W+$|〃$", "", w) for w in c.want] == c.got),
    ("dollar-word", lambda c: c.key.startswith("cashtags") and re.search(r"\$[\w$]*(?:\d|[^\x00-\x7f]|[._$]|\w{7})", c.row["text"])),
    # --- queries ---
    ("url-by-name", lambda c: c.key == "parse" and c.got.startswith("found a web address") and "://" in c.row["query"]),
    ("refused-by-name", lambda c: c.key == "parse" and re.match(r"unknown operator \w+:|\w+: is not to be had", c.got)),
    ("or-last", lambda c: c.key == "parse" and c.want[0] == "all of" and c.got[0] == "any of" and " OR " in c.row["query"]),
]


def explain(case):
    """The name of the decision, or False."""
    for name, rule in OF_MATCHING if case.set.startswith(("matching/", "unicode/")) else DECISIONS:
        try:
            if rule(case):
                return name
        except (AttributeError, TypeError, ValueError, KeyError):
            continue
    return False
