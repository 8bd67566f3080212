/* Pid files and sockets of engines: see announce.h. The paths are the caller's own. */
#include "runtime/announce.h"

#include <stdio.h>

#include "runtime/relay.h"

int announce_pid(struct err *e, const char *path, pid_t pid)
{
	char text[16];
	int r;

	if (!path)
		return 0;
	(void)str_format(text, sizeof(text), "%d", (int)pid);
	r = file_replace_at(e, AT_FDCWD, path, text, strlen(text), 0644);
	return r < 0 ? err_wrap(e, r, "--pid-file") : 0;
}

int announce_fd(struct err *e, const char *option, const char *path, const char *text, int fd)
{
	_close_ int sock = FD_NONE;
	ssize_t n;

	if (!path)
		return 0;
	sock = unix_connect(e, path);
	if (sock < 0)
		return err_wrap(e, sock, "%s", option);
	n = fd_send(sock, text, strlen(text), fd);
	return n < 0 ? err_num(e, (int)n, "%s: send to %s", option, path) : 0;
}

int announce_console(struct err *e, const char *path, int master, int *ret)
{
	_close_ int fd = master;

	if (fd < 0)
		return err_num(e, EPROTO, "the container's process sent no terminal");
	if (path)
		return announce_fd(e, "--console-socket", path, "/dev/ptmx", fd);
	relay_window_size(fd);
	*ret = take_fd(&fd);
	return 0;
}

static int listener_state(struct err *e, const struct container *c, const struct spec_seccomp *s,
			  pid_t pid, struct buf *out)
{
	struct container copy = *c;
	struct container_info info;
	struct json_writer w;

	container_describe(&copy, c->has_state ? STATUS_RUNNING : STATUS_CREATING, &info);
	json_write_begin(&w, false);
	json_write_object(&w, NULL);
	json_write_str(&w, "ociVersion", info.oci_version);
	json_write_array(&w, "fds");
	json_write_str(&w, NULL, "seccompFd");
	json_write_close(&w);
	json_write_int(&w, "pid", pid);
	json_write_str(&w, "metadata", s->listener_metadata ? s->listener_metadata : "");
	json_write_object(&w, "state");
	container_write_state_members(&w, &info);
	json_write_close(&w);
	json_write_close(&w);
	return json_write_end(&w, out) < 0 ? err_nomem(e) : 0;
}

int announce_listener(struct err *e, const struct container *c, const struct spec_seccomp *s,
		      pid_t pid, int listener)
{
	_buf_ struct buf state = {0};
	int r;

	if (listener < 0)
		return err_num(e, EPROTO, "the container's process sent no seccomp listener");
	if (!s->listener_path)
		return err_set(e, ERR_CONFIG,
			       "linux.seccomp.listenerPath: is needed for SCMP_ACT_NOTIFY");
	r = listener_state(e, c, s, pid, &state);
	if (r < 0)
		return r;
	r = announce_fd(e, "linux.seccomp.listenerPath", s->listener_path, state.data, listener);
	return r < 0 ? err_wrap(e, r, "failed to connect with seccomp agent") : 0;
}
