/* The system call that a program wants inject.c to make for it. */
#ifndef BAWN_TEST_INJECT_H
#define BAWN_TEST_INJECT_H

#define WISH_MAGIC 0x6a7c11edb0a7f00dul

struct wish {
	unsigned long magic, nr, args[6];
};

#endif
