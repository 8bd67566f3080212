/* The hash of the generated name table: shared by tools/gen_syscalls.c, which places the names,
 * and seccomp_names.c, which finds them again. Names are short; nothing hostile to defend against
 * (the table is fixed). */
#ifndef BAWN_RUNTIME_SECCOMP_HASH_H
#define BAWN_RUNTIME_SECCOMP_HASH_H

#include <stdint.h>

#define SYSCALL_HASH_BITS 11

static inline uint32_t syscall_hash(const char *name)
{
	uint32_t h = 0;

	for (const unsigned char *p = (const unsigned char *)name; *p; p++)
		h = h * 31 + *p;
	return (h * 0x9e3779b1u) >> (32 - SYSCALL_HASH_BITS);
}

#endif
