/* SPDX-License-Identifier: ISC */
/* The Unix socket of the API as a file, and the TCP address of the door for hubs. */
#include "io/listen.h"

#include <errno.h>
#include <event2/util.h>
#include <grp.h>
#include <libgen.h>
#include <sys/socket.h>
#include <sys/un.h>

#define BACKLOG 128
#define GROUP_BUFFER 16384

/* Nobody but us may connect before group and mode are set. */
#define MODE_FIRST 0600
#define MODE 0660

static int check_old(const struct sockaddr_un *address, struct err *e)
{
	struct stat st;
	if (lstat(address->sun_path, &st) != 0)
		return errno == ENOENT ? 0 : err_errno(e, errno, "socket %s", address->sun_path);
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, ERR_CONFIG, "%s exists and is no socket", address->sun_path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_errno(e, errno, "socket");
	int failed = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ? 0 : errno;
	close(fd);
	if (failed != ECONNREFUSED) /* EAGAIN: it listens, but its queue is full */
		return err_set(e, ERR_CONFIG, "another monitord serves %s", address->sun_path);
	if (unlink(address->sun_path) != 0)
		return err_errno(e, errno, "stale socket %s", address->sun_path);
	return 0;
}

static int give_to_group(const char *path, struct str group, struct err *e)
{
	if (!str_present(group) || str_empty(group))
		return 0;
	char name[256], buffer[GROUP_BUFFER];
	if (group.len >= sizeof(name))
		return err_set(e, ERR_CONFIG, "socket group: the name is too long");
	memcpy(name, group.p, group.len);
	name[group.len] = '\0';
	struct group entry, *found = NULL;
	if (getgrnam_r(name, &entry, buffer, sizeof(buffer), &found) != 0 || !found)
		return err_set(e, ERR_CONFIG, "socket group %s does not exist", name);
	if (chown(path, (uid_t)-1, found->gr_gid) != 0)
		return err_errno(e, errno, "socket group %s", name);
	return 0;
}

/* One level, as for /run/monitord without a service manager. */
static void make_folder(const struct sockaddr_un *address)
{
	char copy[sizeof(address->sun_path)];
	memcpy(copy, address->sun_path, sizeof(copy));
	(void)mkdir(dirname(copy), 0755); /* there already, or bind says why not */
}

static int bind_and_listen(int fd, const struct sockaddr_un *address, struct str group, struct stat *ret_made,
			   struct err *e)
{
	const char *path = address->sun_path;
	if (fchmod(fd, MODE_FIRST) != 0)
		return err_errno(e, errno, "socket %s", path);
	make_folder(address);
	if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) != 0)
		return err_errno(e, errno, "socket %s", path);
	if (give_to_group(path, group, e) != 0) {
		(void)unlink(path);
		return -1;
	}
	if (chmod(path, MODE) != 0 || lstat(path, ret_made) != 0 || listen(fd, BACKLOG) != 0) {
		err_errno(e, errno, "socket %s", path);
		(void)unlink(path);
		return -1;
	}
	return 0;
}

int listen_unix(struct str path, struct str group, int *ret_fd, struct stat *ret_made, struct err *e)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (path.len == 0 || path.len >= sizeof(address.sun_path))
		return err_set(e, ERR_CONFIG, "the socket's path must have 1 to %zu bytes",
			       sizeof(address.sun_path) - 1);
	memcpy(address.sun_path, path.p, path.len);
	if (check_old(&address, e) != 0)
		return -1;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_errno(e, errno, "socket");
	if (bind_and_listen(fd, &address, group, ret_made, e) != 0) {
		close(fd);
		return -1;
	}
	*ret_fd = fd;
	return 0;
}

int listen_tcp(struct str address, int *ret_fd, struct err *e)
{
	char text[128];
	struct sockaddr_storage a;
	int len = sizeof(a), one = 1;
	(void)snprintf(text, sizeof(text), "%.*s", STR_ARG(address));
	if (evutil_parse_sockaddr_port(text, (struct sockaddr *)&a, &len) != 0)
		return err_set(e, ERR_CONFIG, "\"%s\" is no address with a port", text);
	int fd = socket(a.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_errno(e, errno, "socket");
	/* After a restart the old connections may linger. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
	    bind(fd, (struct sockaddr *)&a, (socklen_t)len) != 0 || listen(fd, BACKLOG) != 0) {
		err_errno(e, errno, "cannot listen on %s", text);
		close(fd);
		return -1;
	}
	*ret_fd = fd;
	return 0;
}

void listen_remove(struct str path, const struct stat *made)
{
	char name[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	if (path.len >= sizeof(name))
		return;
	memcpy(name, path.p, path.len);
	name[path.len] = '\0';
	struct stat st;
	if (lstat(name, &st) == 0 && st.st_dev == made->st_dev && st.st_ino == made->st_ino)
		(void)unlink(name);
}
