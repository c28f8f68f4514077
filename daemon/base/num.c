/* SPDX-License-Identifier: ISC */
/* Numbers, durations and sizes from and to text, strictly. */
#include "base/num.h"

#include <locale.h>
#include <math.h>

#define DURATION_MAX_MS (INT64_C(3653) * 86400000) /* ten years */

bool num_u64(struct str s, uint64_t *ret_n)
{
	uint64_t n = 0;
	for (size_t i = 0; i < s.len; i++) {
		if (!char_is_digit(s.p[i]) || __builtin_mul_overflow(n, 10u, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(s.p[i] - '0'), &n))
			return false;
	}
	if (s.len == 0)
		return false;
	*ret_n = n;
	return true;
}

bool num_i64(struct str s, int64_t *ret_n)
{
	bool minus = s.len > 0 && s.p[0] == '-';
	uint64_t n;
	if (!num_u64(minus ? str_from(s, 1) : s, &n) || n > (uint64_t)INT64_MAX + minus)
		return false;
	*ret_n = minus ? (int64_t)(0 - n) : (int64_t)n;
	return true;
}

static size_t skip_digits(struct str s, size_t i)
{
	while (i < s.len && char_is_digit(s.p[i]))
		i++;
	return i;
}

/* RFC 8259, 6: [-] int [frac] [exp], the whole text. */
static bool is_json_number(struct str s)
{
	size_t i = s.len > 0 && s.p[0] == '-', from = i;
	i = skip_digits(s, i);
	if (i == from || (s.p[from] == '0' && i > from + 1))
		return false;
	if (i < s.len && s.p[i] == '.') {
		from = ++i;
		i = skip_digits(s, i);
		if (i == from)
			return false;
	}
	if (i < s.len && (s.p[i] == 'e' || s.p[i] == 'E')) {
		i++;
		if (i < s.len && (s.p[i] == '+' || s.p[i] == '-'))
			i++;
		from = i;
		i = skip_digits(s, i);
		if (i == from)
			return false;
	}
	return i == s.len;
}

bool num_double(struct str s, double *ret_n)
{
	char text[400]; /* longer than any double needs */
	if (s.len >= sizeof(text) || !is_json_number(s))
		return false;
	memcpy(text, s.p, s.len);
	text[s.len] = '\0';
	locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	double n = strtod_l(text, NULL, c);
	freelocale(c);
	if (!isfinite(n))
		return false;
	*ret_n = n;
	return true;
}

bool num_hex(struct str s, uint64_t *ret_n)
{
	uint64_t n = 0;
	if (s.len == 0 || s.len > 16)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		char c = char_lower(s.p[i]);
		if (char_is_digit(c))
			n = n << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			n = n << 4 | (uint64_t)(c - 'a' + 10);
		else
			return false;
	}
	*ret_n = n;
	return true;
}

struct unit {
	const char *name;
	int64_t factor;
};
/* Largest first, as they are written and read. */
static const struct unit duration_units[] = {
	{ "w", 604800000 }, { "d", 86400000 }, { "h", 3600000 },
	{ "m", 60000 },     { "s", 1000 },     { "ms", 1 },
};
#define N_DURATION_UNITS (sizeof(duration_units) / sizeof(duration_units[0]))
static const struct unit size_units[] = {
	{ "GiB", 1 << 30 }, { "MiB", 1 << 20 }, { "KiB", 1 << 10 }, { "GB", 1000000000 },
	{ "MB", 1000000 },  { "kB", 1000 },     { "", 1 },
};
#define N_SIZE_UNITS (sizeof(size_units) / sizeof(size_units[0]))

/* Cuts "90m" off `*rest`; the unit is the letters that follow the digits. */
static bool cut_amount(struct str *rest, int64_t *ret_n, struct str *ret_unit)
{
	size_t digits = skip_digits(*rest, 0), end = digits;
	while (end < rest->len && char_is_alpha(rest->p[end]))
		end++;
	if (!num_i64(str_slice(*rest, 0, digits), ret_n))
		return false;
	*ret_unit = str_slice(*rest, digits, end);
	*rest = str_from(*rest, end);
	return true;
}

bool num_duration_ms(struct str s, int64_t *ret_ms)
{
	int64_t sum = 0, n;
	struct str unit;
	if (str_eq(s, STR("0"))) {
		*ret_ms = 0;
		return true;
	}
	if (s.len == 0)
		return false;
	for (size_t u = 0; s.len > 0; u++) {
		if (!cut_amount(&s, &n, &unit))
			return false;
		while (u < N_DURATION_UNITS && !str_eq(unit, str_c(duration_units[u].name)))
			u++;
		if (u == N_DURATION_UNITS ||
		    __builtin_mul_overflow(n, duration_units[u].factor, &n) ||
		    __builtin_add_overflow(sum, n, &sum) || sum > DURATION_MAX_MS)
			return false;
	}
	*ret_ms = sum;
	return true;
}

bool num_size(struct str s, int64_t *ret_bytes)
{
	int64_t n;
	struct str unit;
	if (!cut_amount(&s, &n, &unit) || s.len > 0)
		return false;
	for (size_t u = 0; u < N_SIZE_UNITS; u++) {
		if (!str_eq(unit, str_c(size_units[u].name)))
			continue;
		if (__builtin_mul_overflow(n, size_units[u].factor, &n))
			return false;
		*ret_bytes = n;
		return true;
	}
	return false;
}

const char *num_format_duration(char *buf, size_t size, int64_t ms)
{
	size_t len = 0;
	uint64_t rest = ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms;
	snprintf(buf, size, "%s", ms == 0 ? "0s" : ms < 0 ? "-" : "");
	for (size_t u = 0; u < N_DURATION_UNITS && rest > 0; u++) {
		uint64_t factor = (uint64_t)duration_units[u].factor;
		/* Weeks only when nothing else is needed: 8d reads better than 1w1d. */
		if (rest < factor || (u == 0 && rest % factor != 0))
			continue;
		len = strlen(buf);
		snprintf(buf + len, size - len, "%llu%s", (unsigned long long)(rest / factor),
			 duration_units[u].name);
		rest %= factor;
	}
	return buf;
}

const char *num_format_size(char *buf, size_t size, int64_t bytes)
{
	for (size_t u = 0; u < 3; u++) {
		if (bytes == 0 || bytes % size_units[u].factor != 0)
			continue;
		snprintf(buf, size, "%lld%s", (long long)(bytes / size_units[u].factor),
			 size_units[u].name);
		return buf;
	}
	snprintf(buf, size, "%lld", (long long)bytes);
	return buf;
}
