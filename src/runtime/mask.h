/* linux.maskedPaths and linux.readonlyPaths, applied once the process is inside its new root, of
 * which `root` is an fd. */
#ifndef BAWN_RUNTIME_MASK_H
#define BAWN_RUNTIME_MASK_H

#include "base/base.h"

/* Hides each path inside root: files below the host's null device, directories below one empty
 * read-only tmpfs. *null_fd is a mount of /dev/null (mask_open_null); it is attached by the first
 * use and stays open. Paths that do not exist are skipped. */
int mask_hide(struct err *e, int root, const struct strv *paths, int *null_fd);

/* Makes each path (the tree below it) read-only. Paths that do not exist are skipped. */
int mask_readonly(struct err *e, int root, const struct strv *paths);

/* A detached mount of the host's /dev/null, checked to be character device 1:3 (CVE-2025-31133). */
int mask_open_null(struct err *e);

#endif
