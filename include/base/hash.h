/* SPDX-License-Identifier: ISC */
/*
 * Fingerprints (XXH3), signatures (HMAC, OpenSSL), random bytes, base64 and hex.  Pure but
 * for hash_random.
 */
#pragma once

#include "base/strbuf.h"

uint64_t hash64(struct str s);                      /* XXH3 64, unseeded: stable over runs and machines */
uint64_t hash64_seeded(struct str s, uint64_t seed);
void hash_random(void *buf, size_t len);            /* getrandom(2); aborts if the kernel has none */
uint64_t hash_process_seed(void);                   /* random once per process */
#define SHA1_BYTES 20
void hash_sha1(struct str s, unsigned char ret_digest[static SHA1_BYTES]); /* for protocols that ask for it, not for secrets */
#define SHA256_BYTES 32
void hash_sha256(struct str s, unsigned char ret_digest[static SHA256_BYTES]);
void hash_hmac_sha256(struct str key, struct str s, unsigned char ret_mac[static SHA256_BYTES]);
#define HASH_MAC_MAX 64
/* HMAC with the hash of this name: sha1, sha256, sha384 or sha512, in any case.  Its length, 0 for another name. */
size_t hash_hmac(struct str name, struct str key, struct str s, unsigned char ret_mac[static HASH_MAC_MAX]);
bool hash_equal_secret(struct str a, struct str b); /* constant time in the bytes */
/* A token that nobody can guess (16 random bytes), and that is told from a guess without remembering it (a code over them
 * with `key`): HASH_TOKEN_LEN hex digits. */
#define HASH_TOKEN_LEN 48
void hash_token(struct strbuf *out, struct str key);
bool hash_token_ok(struct str token, struct str key);
void hash_base64(struct strbuf *out, struct str bytes);                 /* standard alphabet, padded */
bool hash_unbase64(struct strbuf *out, struct str text);               /* false on a foreign byte; padding optional */
void hash_hex(struct strbuf *out, struct str bytes);                    /* lower case */
