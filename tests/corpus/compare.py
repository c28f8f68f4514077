# SPDX-License-Identifier: ISC
"""When two values are the same (FORMAT.md of the corpus, "Comparison")."""
import html, re, unicodedata
from datetime import datetime

TAG = re.compile(r"<!--.*?-->|<!\[CDATA\[|\]\]>|</?[a-zA-Z!?][^>]*>", re.S)
HIDDEN = re.compile(r"<(script|style)\b.*?</\1\s*>", re.S | re.I)
ALT = re.compile(r"""<img\b[^>]*?\balt\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))[^>]*>""", re.S | re.I)


def fold(s):
    return " ".join(unicodedata.normalize("NFC", s).split())


def squeeze(s):
    return "".join(fold(s).split())


def text(h):
    return html.unescape(TAG.sub("", HIDDEN.sub("", h)))


def alt(h):
    return ALT.sub(lambda m: f" {m[1] or m[2] or m[3] or ''} ", h)


def same_text(want, got):
    want, got = want or "", got or ""
    return any(form(got) in (form(want), form(text(want))) or form(text(got)) == form(text(want)) for form in (fold, squeeze))


def instant(s):
    return datetime.fromisoformat(s.replace("Z", "+00:00")).replace(microsecond=0) if s else None


def same_time(want, got):
    try:
        return instant(want) == instant(got)
    except ValueError:
        return False


def date_row(row, got):
    if row.get("parses"):
        return "some instant", got, got is not None
    if "any_of" in row:
        return row["any_of"], got, any(same_time(w, got) for w in row["any_of"])
    return row["utc"], got, same_time(row["utc"], got)


def html_row(row, got):
    if "contains" in row:
        return "… " + row["contains"], got, fold(row["contains"]) in fold(got)
    return row["text"], got, fold(got) == fold(row["text"])


def entity_row(row, got):
    return row["out"], got, got == row["out"]
