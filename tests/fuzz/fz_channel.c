/*
 * Fuzz target: the channel between bawn's two halves. Input: messages, each a byte with
 * the number of fds sent along (0 to 3), two with its length, and its bytes. Whatever
 * comes is a known kind or one line of error, and no fd stays behind.
 */
#include <sys/socket.h>

#include "runtime/channel.h"

#include "fuzz.h"

static void put(int sock, const uint8_t *data, size_t size, size_t n_fds)
{
	union {
		struct cmsghdr hdr;
		char space[CMSG_SPACE(3 * sizeof(int))];
	} control = {0};
	const int fds[3] = {sock, sock, sock};
	struct iovec iov = {.iov_base = (void *)(uintptr_t)data, .iov_len = size};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	if (n_fds) {
		msg.msg_control = control.space;
		msg.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		control.hdr.cmsg_level = SOL_SOCKET;
		control.hdr.cmsg_type = SCM_RIGHTS;
		control.hdr.cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		memcpy(CMSG_DATA(&control.hdr), fds, n_fds * sizeof(int));
	}
	(void)sendmsg(sock, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void take(int sock, bool want_fd)
{
	struct err e = {0};
	int fd = FD_NONE, r = channel_recv(&e, sock, want_fd ? &fd : NULL);

	check_error(&e, r);
	need(r < MSG_KIND_MAX && r != MSG_ERROR);
	need(r >= 0 || (memchr(e.msg, '\0', sizeof(e.msg)) && e.num <= 4095));
	need(r > 0 || fd < 0);
	fd_close(&fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int pair[2], before, after;
	struct err e;

	need(channel_open(&e, pair) == 0);
	before = dup(0);
	close(before);
	while (size >= 3) {
		size_t n_fds = data[0] & 3, len = data[1] | (size_t)data[2] << 8;

		len = len < size - 3 ? len : size - 3;
		put(pair[1], data + 3, len, n_fds);
		take(pair[0], data[0] & 4);
		data += 3 + len;
		size -= 3 + len;
	}
	after = dup(0);
	need(before == after);
	close(after);
	fd_close(&pair[0]);
	fd_close(&pair[1]);
	return 0;
}
