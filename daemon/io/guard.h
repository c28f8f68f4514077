/* SPDX-License-Identifier: ISC */
/*
 * Which addresses a transfer may talk to: public ones, and the special-purpose blocks that it names.  Pure.
 */
#pragma once

#include <sys/socket.h>
#include "model/transfer.h"

/* IPv4 becomes ::ffff:a.b.c.d.  False for a family that is neither IPv4 nor IPv6. */
bool guard_address(const struct sockaddr *address, unsigned char ret_address[static 16]);
bool guard_address_text(const char *ip, unsigned char ret_address[static 16]); /* "192.0.2.1", "2001:db8::1" */

/*
 * What is special about an address, as a word for people ("loopback", "link-local" …), or NULL if
 * it is an ordinary public
 * one.  An IPv4 address inside a mapped, NAT64 (RFC 6052) or 6to4 (RFC 3056) one is judged itself.
 */
const char *guard_special(const unsigned char address[static 16]);

/* The one check, used when a socket is opened and again before each request.  False: `*ret_why` is guard_special's word. */
bool guard_allows(const struct transfer *t, const unsigned char address[static 16], const char **ret_why);
