/* SPDX-License-Identifier: ISC */
/* Which addresses a transfer may talk to. */
#include "io/guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>

struct block {
	unsigned char prefix[16];
	int bits;
	const char *why;
};

#define V4(a, b, c, d) { [10] = 0xff, [11] = 0xff, a, b, c, d }

/* IANA IPv4 Special-Purpose Address Registry, multicast and class E, read 2026-08; the few rows
 * there that are globally reachable stay open. */
static const struct block blocks_v4[] = {
	{ V4(0, 0, 0, 0), 96 + 8, "this host" },
	{ V4(10, 0, 0, 0), 96 + 8, "private" },
	{ V4(100, 64, 0, 0), 96 + 10, "carrier-grade NAT" },
	{ V4(127, 0, 0, 0), 96 + 8, "loopback" },
	/* A public address in form, but inside each virtual machine of one provider the host's agent
	 * (learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16). */
	{ V4(168, 63, 129, 16), 96 + 32, "cloud host agent" },
	{ V4(169, 254, 0, 0), 96 + 16, "link-local" },
	{ V4(172, 16, 0, 0), 96 + 12, "private" },
	{ V4(192, 0, 0, 0), 96 + 24, "protocol assignment" },
	{ V4(192, 0, 2, 0), 96 + 24, "documentation" },
	{ V4(192, 88, 99, 0), 96 + 24, "6to4 relay" },
	{ V4(192, 168, 0, 0), 96 + 16, "private" },
	{ V4(198, 18, 0, 0), 96 + 15, "benchmarking" },
	{ V4(198, 51, 100, 0), 96 + 24, "documentation" },
	{ V4(203, 0, 113, 0), 96 + 24, "documentation" },
	{ V4(224, 0, 0, 0), 96 + 4, "multicast" },
	{ V4(240, 0, 0, 0), 96 + 4, "reserved" },
};

/* IANA IPv6 Special-Purpose Address Registry, read 2026-08. */
static const struct block blocks_v6[] = {
	{ { 0 }, 128, "unspecified" },
	{ { [15] = 1 }, 128, "loopback" },
	{ { 0xfe, 0x80 }, 10, "link-local" },
	{ { 0xfe, 0xc0 }, 10, "site-local" },
	{ { 0xfc }, 7, "private" },
	{ { 0xff }, 8, "multicast" },
	{ { 0x20, 0x01 }, 23, "protocol assignment" }, /* Teredo, ORCHID, benchmarking … */
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32, "documentation" },
	{ { 0x3f, 0xff }, 20, "documentation" },
};
#define N_ITEMS(table) (sizeof(table) / sizeof((table)[0]))

/* Only 2000::/3 is handed out as global unicast (RFC 4291 2.4, IANA IPv6 Address Space). */
static const struct network global_unicast = { { 0x20 }, 3 };
static const struct network mapped = { { [10] = 0xff, [11] = 0xff }, 96 };
static const struct network nat64 = { { 0x00, 0x64, 0xff, 0x9b }, 96 };
static const struct network six_to_four = { { 0x20, 0x02 }, 16 };

bool guard_address(const struct sockaddr *address, unsigned char ret_address[static 16])
{
	if (address->sa_family == AF_INET) {
		struct sockaddr_in v4;
		memcpy(&v4, address, sizeof(v4));
		memcpy(ret_address, mapped.address, 12);
		memcpy(ret_address + 12, &v4.sin_addr, 4);
		return true;
	}
	if (address->sa_family != AF_INET6)
		return false;
	struct sockaddr_in6 v6;
	memcpy(&v6, address, sizeof(v6));
	memcpy(ret_address, &v6.sin6_addr, 16);
	return true;
}

bool guard_address_text(const char *ip, unsigned char ret_address[static 16])
{
	struct in_addr v4;
	if (inet_pton(AF_INET, ip, &v4) == 1) {
		memcpy(ret_address, mapped.address, 12);
		memcpy(ret_address + 12, &v4, 4);
		return true;
	}
	struct in6_addr v6;
	if (inet_pton(AF_INET6, ip, &v6) != 1)
		return false;
	memcpy(ret_address, &v6, 16);
	return true;
}

/* The IPv4 address that packets to this one end up at, as a mapped one; the address itself if there is none inside. */
static void unwrap(const unsigned char address[static 16], unsigned char ret_address[static 16])
{
	unsigned char inner[16];
	memcpy(inner, address, sizeof(inner));
	if (network_contains(&nat64, address))
		memcpy(inner, mapped.address, 12);
	else if (network_contains(&six_to_four, address)) {
		memcpy(inner, mapped.address, 12);
		memcpy(inner + 12, address + 2, 4);
	}
	memcpy(ret_address, inner, sizeof(inner));
}

static const char *find(const struct block *table, size_t n, const unsigned char address[static 16])
{
	for (size_t i = 0; i < n; i++) {
		struct network block = { .bits = table[i].bits };
		memcpy(block.address, table[i].prefix, sizeof(block.address));
		if (network_contains(&block, address))
			return table[i].why;
	}
	return NULL;
}

const char *guard_special(const unsigned char address[static 16])
{
	unsigned char inner[16];
	unwrap(address, inner);
	if (network_contains(&mapped, inner))
		return find(blocks_v4, N_ITEMS(blocks_v4), inner);
	const char *why = find(blocks_v6, N_ITEMS(blocks_v6), inner);
	if (!why && !network_contains(&global_unicast, inner))
		why = "not a public unicast address";
	return why;
}

bool guard_allows(const struct transfer *t, const unsigned char address[static 16], const char **ret_why)
{
	if (t->allow_all_networks)
		return true;
	const char *why = guard_special(address);
	if (!why)
		return true;
	unsigned char inner[16];
	unwrap(address, inner);
	for (size_t i = 0; i < t->allow.n; i++)
		if (network_contains(&t->allow.v[i], address) || network_contains(&t->allow.v[i], inner))
			return true;
	*ret_why = why;
	return false;
}
