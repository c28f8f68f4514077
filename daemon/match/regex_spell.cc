/* SPDX-License-Identifier: ISC */
/* From regular expressions as users write them to RE2's. */
#include "regex_spell.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <utf8proc.h>
#include <vector>

/* --- marks ----------------------------------------------------------------------------------------------------------- */

struct range {
	int from, to;
};

/* \w.  What is not assigned yet counts as what is before it: that makes a third of the ranges, and of RE2's steps. */
static const std::vector<range> &word_ranges()
{
	static const std::vector<range> ranges = [] {
		std::vector<range> all;
		bool inside = false;

		for (int c = 0; c < 0x110000; c++) {
			utf8proc_category_t k = utf8proc_category(c);

			if (k == UTF8PROC_CATEGORY_CN || k == UTF8PROC_CATEGORY_CO || k == UTF8PROC_CATEGORY_CS)
				continue;
			bool word = (k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_ND) || c == '_';
			if (word && !inside)
				all.push_back({ c, c });
			else if (word)
				all.back().to = c;
			inside = word;
		}
		return all;
	}();

	return ranges;
}

static bool is_word_point(int c)
{
	if (c < 0x80)
		return isalnum(c) || c == '_';
	const std::vector<range> &all = word_ranges();
	auto behind = std::upper_bound(all.begin(), all.end(), c, [](int one, const range &r) { return one < r.from; });

	return behind != all.begin() && c <= behind[-1].to;
}

size_t marked_room(size_t len)
{
	return len + MARK_COPIES * (len + 1);
}

size_t write_marked(const char *text, size_t len, marks how, char *out)
{
	bool before = false;
	size_t n = 0;

	for (size_t i = 0; i <= len;) {
		utf8proc_int32_t c = -1;
		utf8proc_ssize_t step = utf8proc_iterate((const utf8proc_uint8_t *)text + i, (utf8proc_ssize_t)(len - i), &c);
		bool word = i < len && step > 0 && is_word_point(c);
		size_t width = step > 0 ? (size_t)step : 1;

		for (int k = 0; k < MARK_COPIES && (word != before || how == MARKS_ALL); k++)
			out[n++] = word != before ? MARK_BORDER : MARK_INSIDE;
		before = word;
		for (size_t k = i; k < i + width && k < len; k++)
			out[n++] = is_mark(text[k]) ? ' ' : text[k];
		i += width;
	}
	return n;
}

#define REPEATS_MAX 128 /* parts that {} adds: with more, a text of 4,000 bytes can take more than a millisecond */
#define TOO_FAR "{} repeats too far, expected at most 128 parts in all; *, + and NEAR have no such bounds"

/* --- spelling -------------------------------------------------------------------------------------------------------- */

static const char *word_class()
{
	static const std::string items = [] {
		std::string all;
		char one[32];

		for (const range &r : word_ranges()) {
			(void)snprintf(one, sizeof(one), "\\x{%x}-\\x{%x}", (unsigned)r.from, (unsigned)r.to);
			all += one;
		}
		return all;
	}();

	return items.c_str();
}

/* What \w, \d and \s stand for, inside of []. */
static const char *class_of(char c)
{
	return c == 'w' ? word_class() : c == 'd' ? "\\p{Nd}" : c == 's' ? "\\s\\pZ" : NULL;
}

struct speller {
	const std::string &in;
	size_t at;
	std::string out;
	marks how, needs;
	std::string marked; /* the marks, as a class has them */
	std::string eater; /* of marks before a code point */
	std::vector<bool> dot_all; /* of each group that is open */
	std::vector<size_t> sizes; /* of each group that is open: parts in it, counted as often as {} repeats them */
	size_t last;       /* of what {} may follow */
	size_t parts;      /* as they are written */
	int literal;       /* the last thing: a letter (1) or no letter (0) of its own; -1: something else */
	std::string why;
};

static bool fail(speller *s, const char *why)
{
	s->why = why;
	return false;
}

/* One code point's worth, which marks may precede. */
static void put_part(speller *s, const std::string &part)
{
	s->out += s->eater.empty() ? part : "(?:" + s->eater + part + ")";
	s->literal = -1;
	s->sizes.back() += s->last = 1;
	s->parts++;
}

/* Between two letters, or two that are none, no border can be. */
static void put_literal(speller *s, const std::string &bytes, int word)
{
	bool glued = s->how == MARKS_BORDERS && s->literal == word;
	std::string eater = s->eater;

	s->eater = glued ? "" : eater;
	put_part(s, bytes);
	s->eater = eater;
	s->literal = word;
}

static std::string none_of(const speller *s, const std::string &items)
{
	return "[^" + s->marked + items + "]";
}

/* \pL, \p{Greek}, \P{Greek}, \p{^Greek} at s->at: moves there to its last byte. */
static std::string property(speller *s, bool *ret_negated)
{
	size_t name = s->at + 2, end = name;
	bool braced = name < s->in.size() && s->in[name] == '{';

	*ret_negated = s->in[s->at + 1] == 'P';
	if (braced)
		end = s->in.find('}', name);
	if (end == std::string::npos || end >= s->in.size())
		end = s->in.size() - 1;
	std::string inner = braced ? s->in.substr(name + 1, end - name - 1) : s->in.substr(name, 1);
	if (!inner.empty() && inner[0] == '^') {
		*ret_negated = !*ret_negated;
		inner.erase(0, 1);
	}
	s->at = end;
	return "\\p{" + inner + "}";
}

/* What is in [], sorted by how RE2 can say it. */
struct items {
	std::string all;                   /* items as they are */
	std::vector<std::string> excluded; /* \W, \D, \S, \P{…}: what they are not */
	std::string rest;                  /* of all: what is not \d, _ or a line break */
	bool digits = false, underscore = false, newline = false;
};

static void read_item(speller *s, items *x)
{
	char c = s->in[s->at], next = s->at + 1 < s->in.size() ? s->in[s->at + 1] : 0;
	const char *cls = c == '\\' && next ? class_of((char)(next | 0x20)) : nullptr;
	size_t end;

	if (cls) {
		s->at++;
		if (next < 'a') {
			x->excluded.push_back(cls);
			return;
		}
		x->all += cls;
		if (next == 'd')
			x->digits = true;
		else
			x->rest += cls;
	} else if (c == '\\' && (next == 'p' || next == 'P')) {
		bool negated;
		std::string p = property(s, &negated);

		(negated ? x->excluded.emplace_back() : x->all) += p;
		x->rest += p;
	} else if (c == '[' && next == ':' && (end = s->in.find(":]", s->at)) != std::string::npos) {
		std::string name = s->in.substr(s->at, end + 2 - s->at);
		bool negated = name.size() > 2 && name[2] == '^';

		if (negated)
			name.erase(2, 1);
		(negated ? x->excluded.emplace_back() : x->all) += name;
		x->rest += name;
		s->at = end + 1;
	} else {
		std::string one = s->in.substr(s->at, c == '\\' ? 2 : 1);

		x->all += one;
		x->underscore |= one == "_";
		x->newline |= one == "\\n" || one == "\n";
		if (one != "_" && one != "\\n" && one != "\n")
			x->rest += one;
		s->at += one.size() - 1;
	}
}

/* [^\W_], [^\W\d], [^\S\n]: what is left of \w, \d, \s. */
static bool put_remaining(speller *s, const items &x)
{
	const std::string &of = x.excluded[0];

	if (x.excluded.size() > 1 || !x.rest.empty())
		return fail(s, "[^…] with \\W, \\D, \\S or \\P and more than \\d, _ and \\n");
	if (of == class_of('w'))
		put_part(s, std::string("[\\pL\\pM") + (x.digits ? "" : "\\p{Nd}") + (x.underscore ? "" : "_") + "]");
	else if (of == class_of('s') && !x.digits && !x.underscore)
		put_part(s, std::string("[\\t\\f\\r \\pZ") + (x.newline ? "" : "\\n") + "]");
	else if (!x.digits && !x.underscore && !x.newline)
		put_part(s, "[" + of + "]");
	else
		return fail(s, "[^…] with \\D or \\P and more");
	return true;
}

static bool put_class(speller *s)
{
	items x;
	size_t open = s->at, start = ++s->at;
	bool negated = start < s->in.size() && s->in[start] == '^';

	if (negated)
		start = ++s->at;
	for (; s->at < s->in.size() && (s->in[s->at] != ']' || s->at == start); s->at++)
		read_item(s, &x);
	if (s->at >= s->in.size())
		return fail(s, "missing ]");
	if (negated && !x.excluded.empty()) {
		bool done = put_remaining(s, x);

		s->at = done ? s->at : open;
		return done;
	}
	if (negated || x.excluded.empty()) {
		put_part(s, negated ? none_of(s, x.all) : "[" + x.all + "]");
		return true;
	}
	std::string either = x.all.empty() ? "" : "|[" + x.all + "]";
	for (const std::string &e : x.excluded)
		either += "|" + none_of(s, e);
	put_part(s, "(?:" + either.substr(1) + ")");
	return true;
}

/* \Q…\E */
static void put_quoted(speller *s)
{
	size_t end = s->in.find("\\E", s->at + 2);

	for (s->at += 2; s->at < s->in.size() && s->at != end; s->at++) {
		unsigned char c = (unsigned char)s->in[s->at];
		std::string one(1, (char)c);

		if (c >= 0x80)
			for (; s->at + 1 < s->in.size() && ((unsigned char)s->in[s->at + 1] & 0xc0) == 0x80; s->at++)
				one += s->in[s->at + 1];
		put_part(s, ispunct(c) ? "\\" + one : one);
	}
	s->at = end == std::string::npos ? s->in.size() : end + 1;
}

static void put_border(speller *s, char mark, marks need)
{
	if (s->needs < need)
		s->needs = need;
	s->out += s->how == MARKS_NONE ? std::string("\\") + (mark == MARK_BORDER ? 'b' : 'B') : std::string("(?:") + mark + ")";
	s->literal = -1;
}

static void put_assertion(speller *s, const std::string &one, bool end)
{
	s->out += end && !s->eater.empty() ? "(?:" + s->eater + one + ")" : one;
	s->literal = -1;
}

static bool is_digit_of(char c, bool hex)
{
	return hex ? isxdigit((unsigned char)c) : c >= '0' && c <= '7';
}

static bool put_escape(speller *s)
{
	char c = s->at + 1 < s->in.size() ? s->in[s->at + 1] : 0;
	const char *cls = class_of((char)(c | 0x20));
	bool negated;

	if (c == 'C')
		return fail(s, "\\C: it finds parts of letters");
	if (c == 'Q') {
		put_quoted(s);
		return true;
	}
	if (c == 'p' || c == 'P') {
		std::string p = property(s, &negated);

		put_part(s, negated ? none_of(s, p) : p);
		return true;
	}
	s->at++;
	if (c == 'b')
		put_border(s, MARK_BORDER, MARKS_BORDERS);
	else if (c == 'B')
		put_border(s, MARK_INSIDE, MARKS_ALL);
	else if (c == 'A' || c == 'z')
		put_assertion(s, std::string("\\") + c, c == 'z');
	else if (cls)
		put_part(s, c < 'a' ? none_of(s, cls) : std::string("[") + cls + "]");
	else if (c == 'x' || isdigit((unsigned char)c)) {
		size_t end = s->at;

		if (c == 'x' && s->in.compare(s->at + 1, 1, "{") == 0)
			end = std::min(s->in.find('}', s->at), s->in.size() - 1);
		else
			while (end < s->at + 2 && end + 1 < s->in.size() && is_digit_of(s->in[end + 1], c == 'x'))
				end++;
		put_part(s, "\\" + s->in.substr(s->at, end + 1 - s->at));
		s->at = end;
	} else {
		put_literal(s, std::string("\\") + c, 0);
	}
	return true;
}

size_t regex_repeats(const std::string &in, size_t at)
{
	size_t end = in.find('}', at);

	if (end == std::string::npos || end == at + 1 || !isdigit((unsigned char)in[at + 1]))
		return 0;
	return in.find_first_not_of("0123456789,", at + 1) == end ? end - at : 0;
}

/* (, (?:, (?P<name>, (?i) and (?s:  */
static bool put_open(speller *s)
{
	bool dots = s->dot_all.back(), off = false;
	size_t end = s->at;

	if (s->in.compare(s->at, 2, "(?") == 0) {
		bool named = s->in.compare(s->at, 3, "(?P") == 0 || s->in.compare(s->at, 3, "(?<") == 0;

		end = s->in.find_first_of(named ? ">" : ":)", s->at);
		if (end == std::string::npos)
			return fail(s, "missing )");
		for (size_t i = s->at + 2; i < end && !named; i++) {
			if (!strchr("imsU-", s->in[i]))
				return fail(s, "unknown (?");
			off |= s->in[i] == '-';
			dots = s->in[i] == 's' ? !off : dots;
		}
	}
	s->out.append(s->in, s->at, end + 1 - s->at);
	s->literal = -1;
	if (s->in[end] == ')')
		s->dot_all.back() = dots;
	else
		s->dot_all.push_back(dots);
	if (s->in[end] != ')')
		s->sizes.push_back(0);
	s->at = end;
	return true;
}

static void put_close(speller *s)
{
	if (s->sizes.size() > 1) {
		s->dot_all.pop_back();
		s->last = s->sizes.back();
		s->sizes.pop_back();
		s->sizes.back() += s->last;
	}
	put_assertion(s, ")", false);
}

/* {2}, {2,}, {2,5}: RE2 writes out what is repeated, and all of it may be alive at each letter of a text. */
static bool put_repeat(speller *s)
{
	size_t len = regex_repeats(s->in, s->at), comma = s->in.find(',', s->at);
	size_t least = strtoul(&s->in[s->at + 1], nullptr, 10), times = std::max(least, (size_t)1);

	if (comma < s->at + len) /* {2,} is xxx* */
		times = std::max(least + 1, (size_t)strtoul(&s->in[comma + 1], nullptr, 10));
	if (len > 0 && times <= REPEATS_MAX + 1) {
		s->sizes.back() += s->last * (times - 1);
		s->last *= times;
	}
	size_t all = std::accumulate(s->sizes.begin(), s->sizes.end(), (size_t)0);
	if (len > 0 && (times > REPEATS_MAX + 1 || all > s->parts + REPEATS_MAX))
		return fail(s, TOO_FAR);
	put_assertion(s, s->in.substr(s->at, 1 + len), false);
	s->at += len;
	return true;
}

static bool put_next(speller *s)
{
	unsigned char c = (unsigned char)s->in[s->at];

	switch (c) {
	case '\\':
		return put_escape(s);
	case '[':
		return put_class(s);
	case '(':
		return put_open(s);
	case '.':
		put_part(s, s->how == MARKS_NONE ? "." : none_of(s, s->dot_all.back() ? "" : "\\n"));
		return true;
	case '$':
		put_assertion(s, "$", true);
		return true;
	case ')':
		put_close(s);
		return true;
	case '^': case '|': case '*': case '+': case '?':
		put_assertion(s, std::string(1, (char)c), false);
		return true;
	case '{':
		return put_repeat(s);
	default:
		break;
	}
	utf8proc_int32_t point = -1;
	utf8proc_ssize_t left = (utf8proc_ssize_t)(s->in.size() - s->at);
	utf8proc_ssize_t len = utf8proc_iterate((const utf8proc_uint8_t *)&s->in[s->at], left, &point);
	size_t width = len > 0 ? (size_t)len : 1;

	put_literal(s, s->in.substr(s->at, width), is_word_point(point));
	s->at += width - 1;
	return true;
}

spelling spell(const std::string &pattern, marks how, bool dot_all)
{
	speller s = { pattern, 0, "", how, MARKS_NONE, "", "", { dot_all }, { 0 }, 0, 0, -1, "" };
	spelling ret;

	if (how != MARKS_NONE)
		s.marked = how == MARKS_ALL ? "\\x01\\x02" : "\\x01";
	if (how != MARKS_NONE)
		s.eater = "[" + s.marked + "]*";
	while (s.at < pattern.size() && put_next(&s))
		s.at++;
	ret.text = s.out;
	ret.needs = s.needs;
	ret.why = s.why;
	ret.at = s.at < pattern.size() ? s.at : 0;
	return ret;
}
