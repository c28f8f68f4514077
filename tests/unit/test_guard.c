/* SPDX-License-Identifier: ISC */
/* The address guard: every special-purpose block at both borders, addresses inside addresses, allow lists. */
#include "lib/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "io/guard.h"

static const struct {
	const char *ip, *why; /* NULL: public */
} cases[] = {
	{ "0.0.0.0", "this host" },
	{ "0.255.255.255", "this host" },
	{ "1.0.0.0", NULL },
	{ "9.255.255.255", NULL },
	{ "10.0.0.0", "private" },
	{ "10.255.255.255", "private" },
	{ "11.0.0.0", NULL },
	{ "100.63.255.255", NULL },
	{ "100.64.0.0", "carrier-grade NAT" },
	{ "100.127.255.255", "carrier-grade NAT" },
	{ "100.128.0.0", NULL },
	{ "126.255.255.255", NULL },
	{ "127.0.0.1", "loopback" },
	{ "127.255.255.255", "loopback" },
	{ "128.0.0.0", NULL },
	{ "168.63.129.16", "cloud host agent" },
	{ "168.63.129.17", NULL },
	{ "169.253.255.255", NULL },
	{ "169.254.169.254", "link-local" },
	{ "169.255.0.0", NULL },
	{ "172.15.255.255", NULL },
	{ "172.16.0.0", "private" },
	{ "172.31.255.255", "private" },
	{ "172.32.0.0", NULL },
	{ "192.0.0.8", "protocol assignment" },
	{ "192.0.1.0", NULL },
	{ "192.0.2.1", "documentation" },
	{ "192.0.3.0", NULL },
	{ "192.88.99.1", "6to4 relay" },
	{ "192.167.255.255", NULL },
	{ "192.168.0.1", "private" },
	{ "192.169.0.0", NULL },
	{ "198.17.255.255", NULL },
	{ "198.18.0.0", "benchmarking" },
	{ "198.19.255.255", "benchmarking" },
	{ "198.20.0.0", NULL },
	{ "198.51.100.7", "documentation" },
	{ "203.0.113.7", "documentation" },
	{ "223.255.255.255", NULL },
	{ "224.0.0.1", "multicast" },
	{ "239.255.255.255", "multicast" },
	{ "240.0.0.1", "reserved" },
	{ "255.255.255.255", "reserved" },
	{ "8.8.8.8", NULL },
	{ "::", "unspecified" },
	{ "::1", "loopback" },
	{ "::2", "not a public unicast address" },
	{ "::127.0.0.1", "not a public unicast address" },
	{ "::ffff:127.0.0.1", "loopback" },
	{ "::ffff:8.8.8.8", NULL },
	{ "::ffff:0:127.0.0.1", "not a public unicast address" },
	{ "64:ff9b::127.0.0.1", "loopback" },
	{ "64:ff9b::10.1.2.3", "private" },
	{ "64:ff9b::8.8.8.8", NULL },
	{ "64:ff9b:1::8.8.8.8", "not a public unicast address" },
	{ "100::1", "not a public unicast address" },
	{ "2000::1", NULL },
	{ "2001::1", "protocol assignment" },
	{ "2001:0:53aa:64c::1", "protocol assignment" },
	{ "2001:1ff:ffff::1", "protocol assignment" },
	{ "2001:200::1", NULL },
	{ "2001:db8::1", "documentation" },
	{ "2001:db9::1", NULL },
	{ "2002:7f00:1::1", "loopback" },
	{ "2002:a9fe:a9fe::1", "link-local" },
	{ "2002:808:808::1", NULL },
	{ "2606:4700:4700::1111", NULL },
	{ "3fff:0fff::1", "documentation" },
	{ "3fff:1000::1", NULL },
	{ "4000::1", "not a public unicast address" },
	{ "5f00::1", "not a public unicast address" },
	{ "fc00::1", "private" },
	{ "fd00:ec2::254", "private" },
	{ "fe80::1", "link-local" },
	{ "febf::1", "link-local" },
	{ "fec0::1", "site-local" },
	{ "ff02::1", "multicast" },
};

TEST(special_addresses)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned char address[16];
		CHECK(guard_address_text(cases[i].ip, address));
		const char *why = guard_special(address);
		if ((why == NULL) != (cases[i].why == NULL) || (why && strcmp(why, cases[i].why) != 0))
			fail_msg("%s: got %s, want %s", cases[i].ip, why ? why : "public",
				 cases[i].why ? cases[i].why : "public");
	}
}

TEST(socket_addresses)
{
	unsigned char address[16];
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	CHECK(guard_address((struct sockaddr *)&v4, address));
	CHECK_STR(str_c(guard_special(address)), "loopback");
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	CHECK(guard_address((struct sockaddr *)&v6, address));
	CHECK_STR(str_c(guard_special(address)), "loopback");
	struct sockaddr other = { .sa_family = AF_UNIX };
	CHECK(!guard_address(&other, address));
	CHECK(!guard_address_text("example.org", address));
	CHECK(!guard_address_text("127.1", address));
}

static bool allowed(const struct transfer *t, const char *ip)
{
	unsigned char address[16];
	const char *why = NULL;
	CHECK(guard_address_text(ip, address));
	bool ok = guard_allows(t, address, &why);
	CHECK(ok == (why == NULL));
	return ok;
}

static void allow(struct transfer *t, const char *block)
{
	struct network n;
	CHECK(network_parse(str_c(block), &n));
	vec_push(&t->allow, n);
}

TEST(allow_lists)
{
	OWNED(transfer) struct transfer *t = transfer_new(TRANSFER_HTTP);
	CHECK(allowed(t, "8.8.8.8"));
	CHECK(!allowed(t, "10.1.2.3"));
	allow(t, "10.1.0.0/16");
	allow(t, "fd00::/8");
	CHECK(allowed(t, "10.1.2.3"));
	CHECK(allowed(t, "::ffff:10.1.2.3"));
	CHECK(allowed(t, "64:ff9b::10.1.2.3"));
	CHECK(!allowed(t, "10.2.2.3"));
	CHECK(!allowed(t, "127.0.0.1"));
	CHECK(allowed(t, "fd12::1"));
	CHECK(!allowed(t, "fe80::1"));
	CHECK(!allowed(t, "::1"));
}

TEST(allow_everything)
{
	OWNED(transfer) struct transfer *t = transfer_new(TRANSFER_HTTP);
	t->allow_all_networks = true;
	CHECK(allowed(t, "127.0.0.1"));
	CHECK(allowed(t, "169.254.169.254"));
	t->allow_all_networks = false;
	allow(t, "all");
	CHECK(allowed(t, "127.0.0.1"));
	CHECK(allowed(t, "fe80::1"));
}
