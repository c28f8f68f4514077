/* SPDX-License-Identifier: ISC */
/* Transfers and replies as data, and address blocks as their settings write them. */
#include "model/transfer.h"

#include <arpa/inet.h>

#include "base/num.h"

#define TRANSFER_ARENA_MAX (32u << 20)
#define REPLY_ARENA_MAX (1u << 20) /* 64 KiB of headers, two URLs and an error text */

static bool address_parse(struct str s, unsigned char ret_address[static 16], bool *ret_v4)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	char text[INET6_ADDRSTRLEN];
	if (s.len == 0 || s.len >= sizeof(text))
		return false;
	memcpy(text, s.p, s.len);
	text[s.len] = '\0';
	if (strlen(text) != s.len)
		return false;
	unsigned char address[16];
	*ret_v4 = inet_pton(AF_INET, text, address + 12) == 1;
	if (*ret_v4)
		memcpy(address, mapped, sizeof(mapped));
	else if (inet_pton(AF_INET6, text, address) != 1)
		return false;
	memcpy(ret_address, address, sizeof(address));
	return true;
}

bool network_parse(struct str s, struct network *ret_network)
{
	if (str_eq(s, STR("all"))) {
		*ret_network = (struct network){ .bits = 0 };
		return true;
	}
	struct network n = { .bits = 128 };
	size_t slash = str_chr(s, '/');
	bool v4 = false;
	if (!address_parse(str_slice(s, 0, slash == STR_NPOS ? s.len : slash), n.address, &v4))
		return false;
	if (slash != STR_NPOS) {
		uint64_t bits = 0;
		if (!num_u64(str_from(s, slash + 1), &bits) || bits > (v4 ? 32u : 128u))
			return false;
		n.bits = (int)bits + (v4 ? 96 : 0);
	}
	for (int bit = n.bits; bit < 128; bit++)
		n.address[bit / 8] &= (unsigned char)~(0x80u >> (bit % 8));
	*ret_network = n;
	return true;
}

void network_format(struct strbuf *out, const struct network *n)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	char text[INET6_ADDRSTRLEN];
	bool v4 = n->bits >= 96 && memcmp(n->address, mapped, sizeof(mapped)) == 0;
	int width = v4 ? 32 : 128, bits = v4 ? n->bits - 96 : n->bits;
	if (n->bits == 0) {
		strbuf_adds(out, "all");
		return;
	}
	inet_ntop(v4 ? AF_INET : AF_INET6, n->address + (v4 ? 12 : 0), text, sizeof(text));
	strbuf_adds(out, text);
	if (bits < width)
		strbuf_addf(out, "/%d", bits);
}

bool network_contains(const struct network *n, const unsigned char address[static 16])
{
	size_t whole = (size_t)n->bits / 8;
	if (memcmp(n->address, address, whole) != 0)
		return false;
	int rest = n->bits % 8;
	return rest == 0 || ((n->address[whole] ^ address[whole]) >> (8 - rest)) == 0;
}

void transfer_free(struct transfer *t)
{
	if (!t)
		return;
	arena_free(t->arena);
	vec_free(&t->headers);
	vec_free(&t->allow);
	vec_free(&t->mail_to);
	mem_free(t);
}

struct transfer *transfer_new(enum transfer_kind kind)
{
	struct transfer *t = mem_new(struct transfer);
	t->arena = arena_new(TRANSFER_ARENA_MAX);
	t->kind = kind;
	return t;
}

/* A value is one line: what could start another header is left out. */
static struct str one_line(struct arena *a, struct str s)
{
	char *copy = arena_alloc(a, s.len + 1);
	if (!copy)
		return STR("");
	size_t len = 0;
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] != '\r' && s.p[i] != '\n' && s.p[i] != '\0')
			copy[len++] = s.p[i];
	return (struct str){ copy, len };
}

void transfer_header(struct transfer *t, const char *name, struct str value)
{
	struct header h = { one_line(t->arena, str_c(name)), one_line(t->arena, value) };
	if (h.name.len > 0)
		vec_push(&t->headers, h);
}

void reply_free(struct reply *r)
{
	if (!r)
		return;
	arena_free(r->arena);
	vec_free(&r->headers);
	strbuf_release(&r->body);
	mem_free(r);
}

struct reply *reply_new(uint64_t transfer_id)
{
	struct reply *r = mem_new(struct reply);
	r->arena = arena_new(REPLY_ARENA_MAX);
	r->transfer_id = transfer_id;
	r->body = STRBUF_INIT(TRANSFER_BODY_MAX);
	return r;
}

struct str reply_header(const struct reply *r, const char *lower_case_name)
{
	struct str name = str_c(lower_case_name);
	for (size_t i = 0; i < r->headers.n; i++)
		if (str_eq(r->headers.v[i].name, name))
			return r->headers.v[i].value;
	return STR_NULL;
}
