/* SPDX-License-Identifier: ISC */
/* Fingerprints, signatures, random bytes, base64 and hex. */
#include "base/hash.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdatomic.h>
#include <sys/random.h>
#include <xxhash.h>

uint64_t hash64(struct str s)
{
	return XXH3_64bits(s.p ? s.p : "", s.len);
}

uint64_t hash64_seeded(struct str s, uint64_t seed)
{
	return XXH3_64bits_withSeed(s.p ? s.p : "", s.len, seed);
}

void hash_random(void *buf, size_t len)
{
	unsigned char *p = buf;
	while (len > 0) {
		ssize_t n = getrandom(p, len, 0);
		if (n < 0) {
			if (errno != EINTR)
				abort();
			continue;
		}
		p += n;
		len -= (size_t)n;
	}
}

uint64_t hash_process_seed(void)
{
	static _Atomic uint64_t seed; /* 0: not yet drawn */
	uint64_t now = atomic_load_explicit(&seed, memory_order_relaxed);
	if (now != 0)
		return now;
	uint64_t drawn;
	hash_random(&drawn, sizeof(drawn));
	drawn |= 1;
	/* Whoever comes second takes what the first one drew. */
	return atomic_compare_exchange_strong(&seed, &now, drawn) ? drawn : now;
}

void hash_sha1(struct str s, unsigned char ret_digest[static SHA1_BYTES])
{
	SHA1((const unsigned char *)(s.p ? s.p : ""), s.len, ret_digest);
}

void hash_sha256(struct str s, unsigned char ret_digest[static SHA256_BYTES])
{
	SHA256((const unsigned char *)(s.p ? s.p : ""), s.len, ret_digest);
}

static size_t hmac(const EVP_MD *md, struct str key, struct str s, unsigned char *ret_mac)
{
	unsigned len = 0;
	HMAC(md, key.p ? key.p : "", (int)key.len, (const unsigned char *)(s.p ? s.p : ""), s.len, ret_mac, &len);
	return len;
}

void hash_hmac_sha256(struct str key, struct str s, unsigned char ret_mac[static SHA256_BYTES])
{
	(void)hmac(EVP_sha256(), key, s, ret_mac);
}

size_t hash_hmac(struct str name, struct str key, struct str s, unsigned char ret_mac[static HASH_MAC_MAX])
{
	const struct {
		struct str name;
		const EVP_MD *md;
	} table[] = {
		{ STR("sha1"), EVP_sha1() }, { STR("sha256"), EVP_sha256() },
		{ STR("sha384"), EVP_sha384() }, { STR("sha512"), EVP_sha512() },
	};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (str_eq_nocase(name, table[i].name))
			return hmac(table[i].md, key, s, ret_mac);
	return 0;
}

bool hash_equal_secret(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.p, b.p, a.len) == 0);
}

void hash_base64(struct strbuf *out, struct str bytes)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *to = strbuf_reserve(out, (bytes.len + 2) / 3 * 4);
	if (to == NULL)
		return;
	size_t n = 0;
	for (size_t i = 0; i < bytes.len; i += 3) {
		size_t left = bytes.len - i;
		uint32_t v = (uint32_t)(unsigned char)bytes.p[i] << 16;
		if (left > 1)
			v |= (uint32_t)(unsigned char)bytes.p[i + 1] << 8;
		if (left > 2)
			v |= (unsigned char)bytes.p[i + 2];
		to[n++] = alphabet[v >> 18];
		to[n++] = alphabet[v >> 12 & 63];
		to[n++] = left > 1 ? alphabet[v >> 6 & 63] : '=';
		to[n++] = left > 2 ? alphabet[v & 63] : '=';
	}
	strbuf_commit(out, n);
}

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool hash_unbase64(struct strbuf *out, struct str text)
{
	size_t padding = 0;
	while (padding < 2 && padding < text.len && text.p[text.len - 1 - padding] == '=')
		padding++;
	size_t len = text.len - padding;
	if (len % 4 == 1 || (padding > 0 && text.len % 4 != 0))
		return false;
	char *to = strbuf_reserve(out, len / 4 * 3 + (len % 4 ? len % 4 - 1 : 0));
	if (to == NULL)
		return false;
	uint32_t v = 0;
	size_t n = 0;
	for (size_t i = 0; i < len; i++) {
		int d = base64_value(text.p[i]);
		if (d < 0) {
			*to = '\0'; /* nothing was added */
			return false;
		}
		v = v << 6 | (uint32_t)d;
		if (i % 4 > 0)
			to[n++] = (char)(unsigned char)(v >> (6 - i % 4 * 2));
	}
	strbuf_commit(out, n);
	return true;
}

void hash_hex(struct strbuf *out, struct str bytes)
{
	static const char digits[] = "0123456789abcdef";
	char *to = strbuf_reserve(out, bytes.len * 2);
	if (to == NULL)
		return;
	for (size_t i = 0; i < bytes.len; i++) {
		unsigned char c = (unsigned char)bytes.p[i];
		to[2 * i] = digits[c >> 4];
		to[2 * i + 1] = digits[c & 15];
	}
	strbuf_commit(out, bytes.len * 2);
}

#define TOKEN_RANDOM_BYTES 16
#define TOKEN_CODE_BYTES 8

/* The code of what stands in front of it. */
static void add_code(struct strbuf *token, struct str key)
{
	unsigned char mac[SHA256_BYTES];
	hash_hmac_sha256(key, strbuf_str(token), mac);
	hash_hex(token, str_n(mac, TOKEN_CODE_BYTES));
}

void hash_token(struct strbuf *out, struct str key)
{
	AUTO(strbuf) struct strbuf token = STRBUF_INIT(HASH_TOKEN_LEN);
	unsigned char random[TOKEN_RANDOM_BYTES];
	hash_random(random, sizeof random);
	hash_hex(&token, str_n(random, sizeof random));
	add_code(&token, key);
	strbuf_add(out, strbuf_str(&token));
}

bool hash_token_ok(struct str token, struct str key)
{
	AUTO(strbuf) struct strbuf good = STRBUF_INIT(HASH_TOKEN_LEN);
	if (token.len != HASH_TOKEN_LEN)
		return false;
	strbuf_add(&good, str_slice(token, 0, 2 * (size_t)TOKEN_RANDOM_BYTES));
	add_code(&good, key);
	return hash_equal_secret(token, strbuf_str(&good));
}
