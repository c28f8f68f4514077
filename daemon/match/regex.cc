/* SPDX-License-Identifier: ISC */
/* Regular expressions by RE2.  C++ is here, and only here, because RE2 speaks nothing else. */
#include "regex.h"

#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "regex_grams.h"
#include "regex_spell.h"

#define MEMORY_MAX (8 << 20) /* bytes of an automaton, made as texts ask for it; beyond it RE2 is 1,000 times slower */
#define SIZE_MAX_STEPS 15000 /* so that few texts reach that: [\\pL]{12} has 14,000, /(.*a){200}/ 2,000 */
#define TRIES_MAX 256        /* places where it stands for nothing */
#define BYTES_MAX (256 << 10) /* that may be looked at for more than the first place, in one text */

struct regex {
	re2::FilteredRE2 filtered; /* owns ascii */
	const RE2 *ascii = nullptr;
	std::unique_ptr<RE2> marked; /* for texts beyond ASCII, if it differs there */
	marks needs = MARKS_NONE;
	grams needed;

	regex() : filtered(1) {}
};

/* What is wrong with it, in terms of what the user wrote: RE2 tells of its own spelling. */
static void explain(const std::string &pattern, const std::string &why, size_t why_at, const RE2::Options &options,
                    struct regex_error *e)
{
	RE2 re(pattern, options);
	const std::string &arg = re.error_arg();
	size_t at = arg.empty() ? std::string::npos : pattern.find(arg);
	bool looks = arg.compare(0, 3, "(?=") == 0 || arg.compare(0, 3, "(?!") == 0 || arg.compare(0, 3, "(?<") == 0;
	bool refers = arg.size() == 2 && arg[0] == '\\' && ((arg[1] >= '1' && arg[1] <= '9') || arg[1] == 'k');

	e->at = re.ok() ? why_at : at == std::string::npos ? 0 : at;
	if (looks || refers)
		(void)snprintf(e->why, sizeof(e->why), "%s %s: it would take unbounded time",
			refers ? "back-reference" : "look-around", arg.c_str());
	else
		(void)snprintf(e->why, sizeof(e->why), "%s",
			!re.ok() ? re.error().c_str() : why.empty() ? "cannot be read" : why.c_str());
}

static bool is_wanted(const RE2 &re, struct regex_error *e)
{
	e->at = 0;
	if (re.ProgramSize() > SIZE_MAX_STEPS)
		(void)snprintf(e->why, sizeof(e->why), "too large: %d steps, expected at most %d",
			re.ProgramSize(), SIZE_MAX_STEPS);
	else if (RE2::FullMatch("", re))
		(void)snprintf(e->why, sizeof(e->why), "it also stands for no text at all, so for every post");
	else
		return true;
	return false;
}

struct regex *regex_new(const char *p, size_t len, const char *flags, size_t n_flags, struct regex_error *e)
{
	std::string pattern(p, len), lines = memchr(flags, 'm', n_flags) ? "(?m)" : "";
	std::unique_ptr<regex> r(new regex);
	RE2::Options options;
	bool any_case = memchr(flags, 'i', n_flags), dot_all = memchr(flags, 's', n_flags);
	int id;

	options.set_log_errors(false);
	options.set_max_mem(MEMORY_MAX);
	options.set_case_sensitive(!any_case);
	options.set_dot_nl(dot_all);
	spelling ascii = spell(pattern, MARKS_NONE, dot_all);
	if (!ascii.why.empty() || r->filtered.Add(lines + ascii.text, options, &id) != RE2::NoError) {
		explain(pattern, ascii.why, ascii.at, options, e);
		return nullptr;
	}
	r->ascii = &r->filtered.GetRE2(id);
	if (!is_wanted(*r->ascii, e))
		return nullptr;
	r->needs = ascii.needs;
	if (r->needs != MARKS_NONE)
		r->marked.reset(new RE2(lines + spell(pattern, r->needs, dot_all).text, options));
	if (r->marked && (!r->marked->ok() || !is_wanted(*r->marked, e))) {
		if (!r->marked->ok())
			(void)snprintf(e->why, sizeof(e->why), "too large with \\b");
		return nullptr;
	}
	r->needed = grams_of(&r->filtered, pattern, any_case);
	return r.release();
}

void regex_free(struct regex *r)
{
	delete r;
}

struct regex_grams regex_grams(const struct regex *r)
{
	return { r->needed.v.data(), r->needed.v.size(), r->needed.cost };
}

/* --- one text -------------------------------------------------------------------------------------------------------- */

/* Places in a text; `ret` gets them as in the text without its marks. */
static size_t find_in(const RE2 &re, marks how, const char *text, size_t len, struct regex_hit *ret, size_t max)
{
	re2::StringPiece all(text, len), hit;
	size_t n = 0, from = 0, looked = 0, counted = 0, unmarked = 0;
	auto without_marks = [&](size_t at) {
		for (; counted < at; counted++)
			unmarked += how == MARKS_NONE || !is_mark(text[counted]);
		return unmarked;
	};

	for (int tries = 0; tries < TRIES_MAX && n < max && from < len; looked += len - from) {
		if ((n > 0 && looked > BYTES_MAX) || !re.Match(all, from, len, RE2::UNANCHORED, &hit, 1))
			break;
		size_t start = (size_t)(hit.data() - text), end = start + hit.size();

		ret[n].start = without_marks(start);
		ret[n].end = without_marks(end);
		from = end;
		while (how != MARKS_NONE && from > start && is_mark(text[from - 1])) /* all of them are there for the next one */
			from--;
		if (ret[n].end > ret[n].start) {
			n++;
			continue;
		}
		tries++;
		while (from < len && is_mark(text[from]))
			from++;
		do
			from++;
		while (from < len && ((unsigned char)text[from] & 0xc0) == 0x80);
	}
	return n;
}

static bool is_ascii(const char *text, size_t len)
{
	unsigned char all = 0;

	for (size_t i = 0; i < len; i++)
		all |= (unsigned char)text[i];
	return all < 0x80;
}

size_t regex_find(const struct regex *r, const char *text, size_t len, struct regex_hit *ret, size_t max)
{
	if (!r->marked || is_ascii(text, len))
		return find_in(*r->ascii, MARKS_NONE, text, len, ret, max);
	char inside[2048]; /* texts of posts, mostly */
	std::vector<char> outside(marked_room(len) > sizeof(inside) ? marked_room(len) : 0);
	char *bytes = outside.empty() ? inside : outside.data();

	return find_in(*r->marked, r->needs, bytes, write_marked(text, len, r->needs, bytes), ret, max);
}
