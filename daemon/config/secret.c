/* SPDX-License-Identifier: ISC */
/* Reads secrets from files, the environment and systemd's credentials. */
#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/text.h"

static void fd_release(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static int read_file(const char *path, struct strbuf *out, bool *ret_open, struct err *e)
{
	__attribute__((cleanup(fd_release))) int fd =
		open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) != 0)
		return err_errno(e, errno, "cannot read the secret file %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_CONFIG, "%s is not a file", path);
	*ret_open = (st.st_mode & S_IROTH) != 0;
	for (;;) {
		char buf[4096];
		ssize_t n = read(fd, buf, sizeof(buf));
		if (n == 0)
			return 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(e, errno, "cannot read the secret file %s", path);
		if (!strbuf_add(out, str_n(buf, (size_t)n)))
			return err_set(e, ERR_LIMIT,
				       "the secret file %s is too large, expected at most %d KiB",
				       path, SECRET_MAX_BYTES >> 10);
	}
}

static int read_env(const char *name, struct strbuf *out, struct err *e)
{
	const char *value = getenv(name);
	if (value == NULL)
		return err_set(e, ERR_CONFIG, "the environment variable %s is not set", name);
	if (!strbuf_adds(out, value))
		return err_set(e, ERR_LIMIT, "the environment variable %s is too long", name);
	return 0;
}

static int read_credential(struct str name, struct strbuf *out, struct err *e)
{
	if (str_chr(name, '/') != STR_NPOS || str_starts(name, STR(".")))
		return err_set(e, ERR_CONFIG, "a credential with a path, expected its name alone");
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	if (dir == NULL)
		return err_set(e, ERR_CONFIG,
			       "no credentials here, expected to be started by systemd with "
			       "LoadCredential=%.*s:…",
			       STR_ARG(name));
	AUTO(strbuf) struct strbuf path = STRBUF_INIT(4096);
	bool open_to_all;
	if (!strbuf_addf(&path, "%s/%.*s", dir, STR_ARG(name)))
		return err_set(e, ERR_LIMIT, "the credential's name is too long");
	return read_file(strbuf_cstr(&path), out, &open_to_all, e);
}

int secret_read(struct str kind, struct str name, const char *folder, struct strbuf *out,
		bool *ret_open, struct err *e)
{
	AUTO(strbuf) struct strbuf path = STRBUF_INIT(4096);
	AUTO(strbuf) struct strbuf value = STRBUF_INIT(SECRET_MAX_BYTES);
	bool fits = true;
	int r;
	*ret_open = false;
	if (str_empty(name))
		return err_set(e, ERR_CONFIG, "%.*s: nothing, expected a name", STR_ARG(kind));
	if (str_eq(kind, STR("file")) && name.p[0] != '/' && folder != NULL)
		fits = strbuf_addf(&path, "%s/", folder);
	if (!fits || !strbuf_add(&path, name))
		return err_set(e, ERR_LIMIT, "the secret's path is too long");
	if (str_eq(kind, STR("file")))
		r = read_file(strbuf_cstr(&path), &value, ret_open, e);
	else if (str_eq(kind, STR("env")))
		r = read_env(strbuf_cstr(&path), &value, e);
	else
		r = read_credential(name, &value, e);
	if (r != 0)
		return -1;
	struct str s = strbuf_str(&value);
	while (s.len > 0 && (s.p[s.len - 1] == '\n' || s.p[s.len - 1] == '\r'))
		s.len--;
	if (s.len == 0)
		return err_set(e, ERR_CONFIG, "the secret %.*s is empty", STR_ARG(name));
	if (!text_is_utf8(s))
		return err_set(e, ERR_CONFIG, "the secret %.*s is not UTF-8 text", STR_ARG(name));
	strbuf_add(out, s);
	return 0;
}
