/* SPDX-License-Identifier: ISC */
/* Regular expressions by RE2.  C++ is here, and only here, because RE2 speaks nothing else. */
#include "regex.h"

#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <utf8proc.h>

#include "regex_grams.h"

#define MEMORY_MAX (8 << 20) /* bytes of an automaton, made as texts ask for it; beyond it RE2 is 1,000 times slower */
#define SIZE_MAX_STEPS 15000 /* so that few texts reach that: [\\pL]{12} has 14,000, /(.*a){200}/ 2,000 */
#define TRIES_MAX 256        /* places that a \b at either end may rule out, so that no text costs more than that many passes */

struct regex {
	re2::FilteredRE2 filtered; /* owns re */
	const RE2 *re = nullptr;
	bool word_start = false, word_end = false;
	grams needed;

	regex() : filtered(1) {}
};

/* What the three classes stand for in a text of any script; inside of [] without brackets of their own. */
static const char *class_of(char c)
{
	return c == 'w' ? "\\pL\\pM\\p{Nd}_" : c == 'd' ? "\\p{Nd}" : c == 's' ? "\\s\\pZ" : NULL;
}

/* The pattern with these classes spelled out. */
static std::string with_classes(const std::string &s)
{
	std::string out;
	bool inside = false;

	for (size_t i = 0; i < s.size(); i++) {
		const char *cls = s[i] == '\\' && i + 1 < s.size() ? class_of(s[i + 1] | 0x20) : NULL;
		bool negated = cls && s[i + 1] < 'a';

		if (cls && !(inside && negated)) {
			out += inside ? cls : std::string(negated ? "[^" : "[") + cls + "]";
			i++;
			continue;
		}
		out += s[i];
		if (s[i] == '\\' && i + 1 < s.size())
			out += s[++i];
		else if (s[i] == '[')
			inside = true;
		else if (s[i] == ']')
			inside = false;
	}
	return out;
}

/* Whether a | stands outside of all parentheses: then what stands at the ends belongs to one side only. */
static bool has_choice(const std::string &s)
{
	int depth = 0;
	bool inside = false;

	for (size_t i = 0; i < s.size(); i++) {
		if (s[i] == '\\')
			i++;
		else if (inside || s[i] == '[')
			inside = s[i] != ']';
		else if (s[i] == '|' && depth == 0)
			return true;
		else
			depth += (s[i] == '(') - (s[i] == ')');
	}
	return false;
}

static bool ends_with_border(const std::string &s)
{
	size_t backslashes = 0;

	if (s.size() < 2 || s.back() != 'b')
		return false;
	for (size_t i = s.size() - 1; i > 0 && s[i - 1] == '\\'; i--)
		backslashes++;
	return backslashes % 2 == 1;
}

static void explain(const RE2 &re, const std::string &pattern, struct regex_error *e)
{
	const std::string &arg = re.error_arg();
	size_t at = arg.empty() ? std::string::npos : pattern.find(arg);
	bool looks = arg.compare(0, 3, "(?=") == 0 || arg.compare(0, 3, "(?!") == 0 || arg.compare(0, 3, "(?<") == 0;
	bool refers = arg.size() == 2 && arg[0] == '\\' && ((arg[1] >= '1' && arg[1] <= '9') || arg[1] == 'k');

	e->at = at == std::string::npos ? 0 : at;
	if (looks || refers)
		(void)snprintf(e->why, sizeof(e->why), "%s %s: it would take unbounded time",
			refers ? "back-reference" : "look-around", arg.c_str());
	else
		(void)snprintf(e->why, sizeof(e->why), "%s", re.error().c_str());
}

static bool is_wanted(const RE2 &re, struct regex_error *e)
{
	e->at = 0;
	if (re.ProgramSize() > SIZE_MAX_STEPS)
		(void)snprintf(e->why, sizeof(e->why), "too large: %d steps, expected at most %d", re.ProgramSize(), SIZE_MAX_STEPS);
	else if (RE2::FullMatch("", re))
		(void)snprintf(e->why, sizeof(e->why), "it also stands for no text at all, so for every post");
	else
		return true;
	return false;
}

struct regex *regex_new(const char *p, size_t len, const char *flags, size_t n_flags, struct regex_error *e)
{
	std::string pattern(p, len), s = pattern;
	std::unique_ptr<regex> r(new regex);
	RE2::Options options;
	bool any_case = memchr(flags, 'i', n_flags) != nullptr;
	int id;

	if (!has_choice(s)) {
		r->word_start = s.compare(0, 2, "\\b") == 0;
		s.erase(0, r->word_start ? 2 : 0);
		r->word_end = ends_with_border(s);
		s.erase(s.size() - (r->word_end ? 2 : 0));
	}
	options.set_log_errors(false);
	options.set_max_mem(MEMORY_MAX);
	options.set_case_sensitive(!any_case);
	options.set_dot_nl(memchr(flags, 's', n_flags) != nullptr);
	std::string spelled = (memchr(flags, 'm', n_flags) ? "(?m)" : "") + with_classes(s);
	if (r->filtered.Add(spelled, options, &id) != RE2::NoError) {
		explain(RE2(spelled, options), pattern, e);
		return nullptr;
	}
	r->re = &r->filtered.GetRE2(id);
	if (!is_wanted(*r->re, e))
		return nullptr;
	r->needed = grams_of(&r->filtered, s, any_case);
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

static bool is_word(utf8proc_int32_t c)
{
	switch (utf8proc_category(c)) {
	case UTF8PROC_CATEGORY_LU: case UTF8PROC_CATEGORY_LL: case UTF8PROC_CATEGORY_LT: case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO: case UTF8PROC_CATEGORY_MN: case UTF8PROC_CATEGORY_MC: case UTF8PROC_CATEGORY_ME:
	case UTF8PROC_CATEGORY_ND:
		return true;
	default:
		return c == '_';
	}
}

static bool is_word_at(const char *text, size_t len, size_t at)
{
	utf8proc_int32_t c = -1;

	return at < len && utf8proc_iterate((const utf8proc_uint8_t *)text + at, (utf8proc_ssize_t)(len - at), &c) > 0 &&
	       is_word(c);
}

static size_t before(const char *text, size_t at)
{
	do
		at--;
	while (at > 0 && ((unsigned char)text[at] & 0xc0) == 0x80);
	return at;
}

static bool is_border(const char *text, size_t len, size_t at)
{
	return (at > 0 && is_word_at(text, len, before(text, at))) != is_word_at(text, len, at);
}

bool regex_find(const struct regex *r, const char *text, size_t len, size_t from, size_t *ret_start, size_t *ret_end)
{
	re2::StringPiece all(text, len), hit;

	for (int tries = 0; tries < TRIES_MAX && from < len; tries++) {
		if (!r->re->Match(all, from, len, RE2::UNANCHORED, &hit, 1))
			return false;
		size_t start = (size_t)(hit.data() - text), end = start + hit.size();

		if (end > start && (!r->word_start || is_border(text, len, start)) && (!r->word_end || is_border(text, len, end))) {
			*ret_start = start;
			*ret_end = end;
			return true;
		}
		from = start;
		do
			from++;
		while (from < len && ((unsigned char)text[from] & 0xc0) == 0x80);
	}
	return false;
}
