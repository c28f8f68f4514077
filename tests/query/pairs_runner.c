/* SPDX-License-Identifier: ISC */
/* $PAIRS random pairs of query and post (default 60,000), from $SEED on: all ways to match agree.  Prints TAP, one line. */
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "lib/pairs.h"

static uint64_t number(const char *name, uint64_t otherwise)
{
	const char *s = getenv(name);
	uint64_t n;

	return s && num_u64(str_c(s), &n) ? n : otherwise;
}

int main(void)
{
	AUTO(strbuf) struct strbuf why = STRBUF_INIT(1 << 20);
	uint64_t seed = number("SEED", 1), end = seed + number("PAIRS", 60000) / PAIRS_A_ROUND;

	for (; seed < end; seed++)
		if (!pairs_agree(STR(""), seed, &why)) {
			printf("not ok 1 - pairs agree\n# SEED=%llu\n# %s1..1\n", (unsigned long long)seed, strbuf_cstr(&why));
			return 1;
		}
	printf("ok 1 - pairs agree\n1..1\n");
	return 0;
}
