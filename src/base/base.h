/*
 * The floor of the house: errors, fds, memory, strings, logging, JSON and thin
 * system call wrappers. Knows nothing about containers and depends on libc and
 * yajl only. This is the one header other directories include.
 */
#ifndef BAWN_BASE_H
#define BAWN_BASE_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#include "arena.h"
#include "buf.h"
#include "err.h"
#include "fd.h"
#include "json.h"
#include "json_decode.h"
#include "log.h"
#include "slice.h"
#include "str.h"
#include "sys.h"

#endif
