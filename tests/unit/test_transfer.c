/* SPDX-License-Identifier: ISC */
/* Address blocks, transfers, replies and messages as data. */
#include "lib/test.h"

#include <arpa/inet.h>

#include "model/message.h"

static bool contains(const char *network, const char *address)
{
	struct network n;
	unsigned char a[16] = { [10] = 0xff, [11] = 0xff };
	if (!network_parse(str_c(network), &n))
		return false;
	if (inet_pton(AF_INET, address, a + 12) != 1 && inet_pton(AF_INET6, address, a) != 1)
		return false;
	return network_contains(&n, a);
}

TEST(network_contains_its_addresses_only)
{
	CHECK(contains("127.0.0.0/8", "127.255.255.255"));
	CHECK(!contains("127.0.0.0/8", "128.0.0.1"));
	CHECK(contains("10.1.2.3", "10.1.2.3"));
	CHECK(!contains("10.1.2.3", "10.1.2.2"));
	CHECK(contains("10.1.2.3/31", "10.1.2.2"));
	CHECK(contains("172.16.0.0/12", "172.31.1.1"));
	CHECK(!contains("172.16.0.0/12", "172.32.1.1"));
	CHECK(contains("fd00::/8", "fdff::1"));
	CHECK(!contains("fd00::/8", "fc00::1"));
	CHECK(contains("::1", "::1"));
	CHECK(!contains("::1", "::2"));
	CHECK(contains("all", "8.8.8.8"));
	CHECK(contains("all", "2001:db8::1"));
	CHECK(contains("0.0.0.0/0", "8.8.8.8"));
	CHECK(!contains("0.0.0.0/0", "2001:db8::1"));
}

TEST(network_parse_refuses_nonsense)
{
	static const char *const wrong[] = { "",          "10",          "10.0.0.0/33",
					     "10.0.0.0/", "10.0.0.0/-1", "::/129",
					     "/8",        "localhost",   "10.0.0.0/8 ",
					     "any",       "10.0.0.256" };
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct network n;
		if (network_parse(str_c(wrong[i]), &n))
			fail_msg("\"%s\" was taken for a network", wrong[i]);
	}
}

TEST(transfer_header_is_one_line)
{
	OWNED(transfer) struct transfer *t = transfer_new(TRANSFER_HTTP);
	transfer_header(t, "X-Title", STR("a\r\nEvil: 1\0b"));
	CHECK_INT(t->headers.n, 1);
	CHECK_STR(t->headers.v[0].name, "X-Title");
	CHECK_STR(t->headers.v[0].value, "aEvil: 1b");
}

TEST(reply_header_gives_the_first)
{
	OWNED(reply) struct reply *r = reply_new(7);
	vec_push(&r->headers, ((struct header){ STR("etag"), STR("one") }));
	vec_push(&r->headers, ((struct header){ STR("etag"), STR("two") }));
	CHECK_STR(reply_header(r, "etag"), "one");
	CHECK(!str_present(reply_header(r, "age")));
	CHECK_INT(r->transfer_id, 7);
}

TEST(message_command_owns_copies)
{
	char path[] = "/v1/watches";
	OWNED(message)
	struct message *m = message_command(9, STR("POST"), str_c(path), STR("a=b"), STR("{}"));
	path[1] = 'x';
	CHECK_STR(m->command->path, "/v1/watches");
	CHECK_STR(m->command->query, "a=b");
	CHECK_STR(m->command->body, "{}");
	CHECK_INT(m->request_id, 9);
	CHECK_INT(m->mail.bytes, message_weight(m));
	CHECK(m->mail.bytes >= sizeof(*m) + 18);
}

TEST(message_weighs_its_reply)
{
	OWNED(message) struct message *m = message_new(MESSAGE_DONE);
	size_t empty = message_weight(m);
	m->reply = reply_new(1);
	for (int i = 0; i < 1000; i++)
		strbuf_adds(&m->reply->body, "0123456789");
	CHECK(message_weight(m) >= empty + 10000);
}
