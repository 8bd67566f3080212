/*
 * HOME for a process whose config has none: what the container's own passwd file says for the
 * user. docker and containerd leave that to the runtime. Root's is /root without a look.
 *
 * The file is UNTRUSTED. It is read last, with the rights of the container's user, through the
 * container's root; only up to PASSWD_MAX bytes (CVE-2025-4437), and nothing but this one value
 * comes from it: ids never do (CVE-2016-3697). Whatever is wrong with it leaves HOME=/.
 */
#include <linux/openat2.h>
#include <sys/stat.h>

#include "runtime/process.h"

#define PASSWD_MAX (1u << 20)
#define PASSWD_LINE_MAX 2048

/* Takes the next field off a line "a:b:c"; NULL at its end. */
static char *next_field(char **line)
{
	char *field = *line, *colon = field ? strchr(field, ':') : NULL;

	if (colon)
		*colon++ = '\0';
	*line = colon;
	return field;
}

/* NAME:PASSWORD:UID:GID:TEXT:HOME:SHELL. True when it is the user's, whatever its home is. */
static bool take_line(char *line, uint32_t uid, char *home)
{
	const char *id, *dir;
	uint32_t value;

	(void)next_field(&line);
	(void)next_field(&line);
	id = next_field(&line);
	if (!id || str_to_id(id, &value) < 0 || value != uid)
		return false;
	(void)next_field(&line);
	(void)next_field(&line);
	dir = next_field(&line);
	if (dir && dir[0] == '/')
		(void)str_format(home, PROCESS_HOME_SIZE, "%s", dir);
	return true;
}

/* Line by line in fixed room; a line that is too long is nobody's. */
static void search(int fd, uint32_t uid, char *home)
{
	char chunk[4096], line[PASSWD_LINE_MAX];
	size_t total = 0, len = 0;
	ssize_t n;

	while (total < PASSWD_MAX && (n = read(fd, chunk, sizeof(chunk))) > 0) {
		total += (size_t)n;
		for (ssize_t i = 0; i < n; i++) {
			if (chunk[i] != '\n') {
				if (len < sizeof(line))
					line[len++] = chunk[i];
				continue;
			}
			if (len < sizeof(line)) {
				line[len] = '\0';
				if (take_line(line, uid, home))
					return;
			}
			len = 0;
		}
	}
	if (len && len < sizeof(line)) {
		line[len] = '\0';
		(void)take_line(line, uid, home);
	}
}

void process_find_home(const struct spec_process *p)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
		.resolve = RESOLVE_NO_MAGICLINKS,
	};
	_close_ int fd = FD_NONE;
	struct stat st;

	if (!p->home)
		return;
	fd = sys_openat2(AT_FDCWD, "/etc/passwd", &how);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		search(fd, p->user.uid, p->home);
}
