/* SPDX-License-Identifier: ISC */
/* Fingerprints and codes against published vectors. */
#include "lib/test.h"

#include "base/hash.h"

TEST(fingerprints)
{
	/* XXH3-64 of nothing, from the xxHash specification; it must never change: it is on disk.
	 */
	CHECK(hash64(STR("")) == UINT64_C(0x2d06800538d394c2));
	CHECK(hash64(STR_NULL) == hash64(STR("")));
	CHECK(hash64_seeded(STR("a"), 1) != hash64_seeded(STR("a"), 2));
	CHECK(hash_process_seed() == hash_process_seed());
}

TEST(signatures)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(200);
	unsigned char mac[SHA256_BYTES];
	/* RFC 4231, test case 2 */
	hash_hmac_sha256(STR("Jefe"), STR("what do ya want for nothing?"), mac);
	hash_hex(&b, str_n(mac, sizeof(mac)));
	CHECK_STR(strbuf_str(&b),
		  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	strbuf_reset(&b);
	hash_sha256(STR("abc"), mac);
	hash_hex(&b, str_n(mac, 4));
	CHECK_STR(strbuf_str(&b), "ba7816bf");
	CHECK(hash_equal_secret(STR("ab"), STR("ab")) && !hash_equal_secret(STR("ab"), STR("ac")));
}

static void check_hmac(const char *name, const char *hex)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(200);
	unsigned char mac[HASH_MAC_MAX];
	size_t n = hash_hmac(str_c(name), STR("Jefe"), STR("what do ya want for nothing?"), mac);
	hash_hex(&b, str_n(mac, n));
	CHECK_STR(strbuf_str(&b), hex);
}

TEST(signatures_by_name)
{
	/* RFC 2202, 3 and RFC 4231, 4.3 */
	check_hmac("sha1", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
	check_hmac("SHA256", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	check_hmac("sha384", "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
	                     "8e2240ca5e69e2c78b3239ecfab21649");
	check_hmac("sha512", "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
	                     "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
	check_hmac("md5", "");
	check_hmac("", "");
}

TEST(tokens)
{
	AUTO(strbuf) struct strbuf a = STRBUF_INIT(100), b = STRBUF_INIT(100);
	struct str key = STR("a key");
	hash_token(&a, key);
	hash_token(&b, key);
	CHECK_INT(a.len, HASH_TOKEN_LEN);
	CHECK(hash_token_ok(strbuf_str(&a), key) && hash_token_ok(strbuf_str(&b), key));
	CHECK(!str_eq(strbuf_str(&a), strbuf_str(&b)));
	CHECK(!hash_token_ok(strbuf_str(&a), STR("another")));
	CHECK(!hash_token_ok(str_slice(strbuf_str(&a), 0, HASH_TOKEN_LEN - 1), key) && !hash_token_ok(STR_NULL, key));
	for (size_t i = 0; i < a.len; i++) { /* each digit counts */
		char was = a.p[i];
		a.p[i] = was == '0' ? '1' : '0';
		CHECK(!hash_token_ok(strbuf_str(&a), key));
		a.p[i] = was;
	}
}

static void check_base64(const char *plain, const char *coded)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(100);
	hash_base64(&b, str_c(plain));
	CHECK_STR(strbuf_str(&b), coded);
	strbuf_reset(&b);
	CHECK(hash_unbase64(&b, str_c(coded)));
	CHECK_STR(strbuf_str(&b), plain);
}

TEST(base64)
{
	/* RFC 4648, 10 */
	check_base64("", "");
	check_base64("f", "Zg==");
	check_base64("fo", "Zm8=");
	check_base64("foobar", "Zm9vYmFy");
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(100);
	CHECK(hash_unbase64(&b, STR("Zm8")));
	CHECK_STR(strbuf_str(&b), "fo");
	CHECK(!hash_unbase64(&b, STR("Zm 8")) && !hash_unbase64(&b, STR("Z")));
	CHECK(!hash_unbase64(&b, STR("Zm9v=")));
	CHECK_STR(strbuf_str(&b), "fo");
}
