/*
 * Debian's static yajl is compiled against glibc with _FORTIFY_SOURCE and refers to
 * glibc's checking entry points; musl has none. These do what glibc's do: abort when
 * the destination is known to be too small. Compiled into the musl build only.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *__memcpy_chk(void *dst, const void *src, size_t len, size_t dst_size);
int __snprintf_chk(char *dst, size_t len, int flag, size_t dst_size, const char *fmt, ...);
int __sprintf_chk(char *dst, int flag, size_t dst_size, const char *fmt, ...);

void *__memcpy_chk(void *dst, const void *src, size_t len, size_t dst_size)
{
	if (len > dst_size)
		abort();
	return memcpy(dst, src, len);
}

int __snprintf_chk(char *dst, size_t len, int flag, size_t dst_size, const char *fmt, ...)
{
	va_list ap;
	int n;

	(void)flag;
	if (len > dst_size)
		abort();
	va_start(ap, fmt);
	n = vsnprintf(dst, len, fmt, ap);
	va_end(ap);
	return n;
}

int __sprintf_chk(char *dst, int flag, size_t dst_size, const char *fmt, ...)
{
	va_list ap;
	int n;

	(void)flag;
	va_start(ap, fmt);
	n = vsnprintf(dst, dst_size, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= dst_size)
		abort();
	return n;
}
