/* SPDX-License-Identifier: ISC */
/* Any bytes as monitord.yaml: either they bind, or every mistake has its line; what binds is shown again. */
#include "fuzz/fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#include "lib/config_types.h"

static void show(const struct config *c)
{
	for (size_t i = 0; i < c->sources.n; i++)
		json_decref(config_source_to_json(&c->sources.v[i], &fake_types));
	for (size_t i = 0; i < c->channels.n; i++)
		json_decref(config_channel_to_json(&c->channels.v[i], &fake_types, true));
	for (size_t i = 0; i < c->watches.n; i++)
		json_decref(config_watch_to_json(&c->watches.v[i]));
}

FUZZ(s)
{
	int fd = memfd_create("monitord.yaml", MFD_CLOEXEC);
	MUST(fd >= 0 && write(fd, s.p, s.len) == (ssize_t)s.len);
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	AUTO(config_errors) struct config_errors errors = { 0 };
	OWNED(config) struct config *c = NULL;
	int r = config_load(path, &fake_types, &c, &errors);
	close(fd);
	MUST((r == 0) == (c != NULL) && (r == 0) == (errors.list.n == 0));
	if (c != NULL)
		show(c);
}
