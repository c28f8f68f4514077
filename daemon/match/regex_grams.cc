/* SPDX-License-Identifier: ISC */
/*
 * Which grams a text must hold for a regular expression.  RE2 tells which strings ("atoms", in small letters) it must hold
 * in which combination; of these we take a set of which every such text holds at least one, as rare as can be.
 */
#include "regex_grams.h"

#include "regex_spell.h"

#include <algorithm>
#include <cctype>
#include <climits>
#include <cstdlib>
#include <cstring>

#define ATOMS_MAX 64     /* beyond, the choice is made in a coarse way: each look at it takes as many steps */
#define COST_ALWAYS 8000 /* nearly every post holds one: looking for them saves nothing (keys.c) */
#define COST_FINE 500    /* a rare word: no need to look for better */

struct atom {
	gram rarest;
	unsigned cost; /* UINT_MAX: nothing of it is left in the image */
	int id;
};

static std::vector<atom> atoms_of(re2::FilteredRE2 *f, gram_image image)
{
	std::vector<std::string> texts;
	std::vector<atom> atoms;

	f->Compile(&texts);
	for (const std::string &text : texts) {
		std::vector<char> bytes(gram_room(text.size()));
		size_t n = gram_write_image(image, text.data(), text.size(), bytes.data());
		atom a = { {}, UINT_MAX, (int)atoms.size() };

		if (n > 0)
			a.cost = gram_best(image, bytes.data(), n, &a.rarest);
		atoms.push_back(a);
	}
	std::stable_sort(atoms.begin(), atoms.end(), [](const atom &a, const atom &b) { return a.cost > b.cost; });
	return atoms;
}

/* Whether a text may do that holds the atoms outside of `needed` only. */
static bool may_do_without(const re2::FilteredRE2 &f, const std::vector<atom> &atoms, const std::vector<bool> &needed)
{
	std::vector<int> held, found;

	for (size_t i = 0; i < atoms.size(); i++)
		if (!needed[i])
			held.push_back(atoms[i].id);
	std::sort(held.begin(), held.end());
	f.AllPotentials(held, &found);
	return !found.empty();
}

/* All but as many of the costly ones as can be spared together, then all but each that can be spared besides. */
static std::vector<bool> choose(const re2::FilteredRE2 &f, const std::vector<atom> &atoms)
{
	std::vector<bool> needed(atoms.size(), true);
	size_t low = 0, high = atoms.size();

	while (low < high) {
		size_t middle = (low + high + 1) / 2;

		std::fill(needed.begin(), needed.end(), true);
		std::fill_n(needed.begin(), middle, false);
		if (may_do_without(f, atoms, needed))
			high = middle - 1;
		else
			low = middle;
	}
	std::fill(needed.begin(), needed.end(), true);
	std::fill_n(needed.begin(), low, false);
	for (size_t i = low + 1; i < atoms.size() && atoms.size() <= ATOMS_MAX; i++) {
		needed[i] = false;
		needed[i] = may_do_without(f, atoms, needed);
	}
	return needed;
}

static grams needed_of(re2::FilteredRE2 *f, gram_image image)
{
	std::vector<atom> atoms = atoms_of(f, image);
	std::vector<bool> needed(atoms.size(), true);
	grams ret;

	if (may_do_without(*f, atoms, needed))
		return ret;
	needed = choose(*f, atoms);
	for (size_t i = 0; i < atoms.size(); i++) {
		if (!needed[i])
			continue;
		ret.cost += std::min(atoms[i].cost, (unsigned)COST_ALWAYS);
		ret.v.push_back(atoms[i].rarest);
	}
	if (ret.cost >= COST_ALWAYS)
		ret.v.clear();
	return ret;
}

/* --- shapes ---------------------------------------------------------------------------------------------------------- */

/* The expression over shapes: what it says of letters and digits becomes what it says of their shapes.  Read only as far
 * as it is plain; what is not understood is any text, or the end of it. */
struct shaper {
	const std::string &in;
	bool any_case;
	size_t at;
	std::string out;
	size_t part;              /* where in `out` the last one begins: a letter, a class, a group */
	std::vector<size_t> open; /* groups */
};

static const char any[] = "(?s:.)";

static std::string shape_of(const shaper &s, unsigned char c)
{
	if (std::isdigit(c))
		return std::string(1, SHAPE_DIGIT);
	if (c >= 0x80 || (std::isalpha(c) && s.any_case))
		return any;
	return std::string(1, (char)(std::isupper(c) ? SHAPE_CAPITAL : SHAPE_SMALL));
}

/* [0-9], [5-7], [A-F], [\d]: all of one shape. */
static bool shape_class(shaper *s)
{
	size_t i = s->at + 1;
	std::string shape;
	bool one = s->in[i] != '^';

	for (; i < s->in.size() && (s->in[i] != ']' || i == s->at + 1 || (i == s->at + 2 && s->in[i - 1] == '^')); i++) {
		unsigned char c = (unsigned char)s->in[i];
		std::string next = std::isalnum(c) ? shape_of(*s, c) : any;

		if (c == '[') /* [:alpha:] and the like */
			return false;
		if (c == '-' && !shape.empty() && i + 1 < s->in.size() && std::isalnum((unsigned char)s->in[i + 1]))
			continue;
		if (c == '\\') {
			if (++i == s->in.size() || s->in[i] == 'p' || s->in[i] == 'P' || s->in[i] == 'x' || s->in[i] == 'Q')
				return false;
			if (s->in[i] == 'd')
				next = std::string(1, SHAPE_DIGIT);
		}
		one &= next != any && (shape.empty() || shape == next);
		shape = next;
	}
	s->out += one ? shape : any;
	s->at = i;
	return i < s->in.size();
}

static bool shape_escape(shaper *s)
{
	char c = ++s->at < s->in.size() ? s->in[s->at] : 'x';

	if (c == 'd')
		s->out += (char)SHAPE_DIGIT;
	else if (strchr("bBAz", c))
		s->out += "(?:)"; /* something may follow that repeats it */
	else if (strchr("wWsSD", c))
		s->out += any;
	else if (std::ispunct((unsigned char)c))
		s->out += std::string("\\") + c;
	else
		return false;
	return true;
}

/* How often what is repeated must be there; `end` is moved to the last byte that says so.  A shape is a byte of its own. */
static size_t least_repeats(const std::string &in, size_t *end)
{
	size_t counted = in[*end] == '{' ? regex_repeats(in, *end) : 0;
	size_t least = counted > 0 ? strtoul(&in[*end + 1], nullptr, 10) : in[*end] == '+';

	*end += counted;
	return std::min(least, (size_t)GRAM_MAX);
}

/* Writes what follows a part and repeats it so that RE2's atoms reach across: x? as x or nothing, X+ as [X…]*X, and digits
 * and small letters, which are one in the image, as one. */
static void shape_repeat(shaper *s)
{
	size_t at = s->at + 1;
	char shape = s->out.size() == s->part + 1 ? s->out.back() : 0;
	bool many = at < s->in.size() && (strchr("+*", s->in[at]) || (s->in[at] == '{' && regex_repeats(s->in, at) > 0));

	if (at < s->in.size() && s->in[at] == '?') {
		s->out.insert(s->part, "(?:");
		s->out += "|)";
		s->at = at;
	} else if (many && shape >= SHAPE_DIGIT && shape <= SHAPE_SMALL) {
		size_t least = least_repeats(s->in, &at);

		s->out.pop_back();
		if (shape != SHAPE_CAPITAL)
			s->out += least > 0 ? std::string(1, shape) : std::string("(?:") + shape + "|)";
		else /* x*x RE2 turns into x+ */
			s->out += std::string("[") + shape + (char)SHAPE_NONE + "]*" + std::string(least, shape);
		s->at = at;
	}
}

static bool shape_part(shaper *s)
{
	unsigned char c = (unsigned char)s->in[s->at];

	if (c == '\\')
		return shape_escape(s);
	if (c == '[')
		return shape_class(s);
	if (c == '(' && s->in.compare(s->at, 2, "(?") == 0 && s->in.compare(s->at, 3, "(?:") != 0)
		return false;
	if (c == '{' && regex_repeats(s->in, s->at) > 0) {
		s->out.append(s->in, s->at, regex_repeats(s->in, s->at) + 1);
		s->at += regex_repeats(s->in, s->at);
		return true;
	}
	if (std::isalnum(c) || c >= 0x80) {
		while (c >= 0xc0 && s->at + 1 < s->in.size() && ((unsigned char)s->in[s->at + 1] & 0xc0) == 0x80)
			s->at++;
		s->out += shape_of(*s, c);
		return true;
	}
	if (c == '(') {
		s->open.push_back(s->part);
		s->at += s->in.compare(s->at, 3, "(?:") == 0 ? 2 : 0;
	}
	if (c == ')' && !s->open.empty()) {
		s->part = s->open.back();
		s->open.pop_back();
	}
	s->out += (char)c;
	return true;
}

static grams shapes_of(const std::string &written, bool any_case)
{
	shaper s = { written, any_case, 0, "", 0, {} };
	re2::FilteredRE2 f(1);
	RE2::Options options;
	int id;

	for (; s.at < written.size(); s.at++) {
		s.part = s.out.size();
		if (!shape_part(&s))
			return grams();
		shape_repeat(&s);
	}
	options.set_log_errors(false);
	if (f.Add(s.out, options, &id) != RE2::NoError)
		return grams();
	return needed_of(&f, GRAM_SHAPES);
}

grams grams_of(re2::FilteredRE2 *f, const std::string &written, bool any_case)
{
	grams letters = needed_of(f, GRAM_LETTERS);

	if (!letters.v.empty() && letters.cost <= COST_FINE)
		return letters;
	grams shapes = shapes_of(written, any_case);
	return !shapes.v.empty() && (letters.v.empty() || shapes.cost < letters.cost) ? shapes : letters;
}
