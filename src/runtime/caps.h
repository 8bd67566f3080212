/* Capability sets of the calling process. */
#ifndef BAWN_RUNTIME_CAPS_H
#define BAWN_RUNTIME_CAPS_H

#include "base/base.h"
#include "runtime/spec.h"

/* Drops every capability outside `bounding` from the bounding set. Needs CAP_SETPCAP. */
int caps_drop_bounding(struct err *e, uint64_t bounding);

/* Sets permitted, effective, inheritable and ambient exactly as given, all of them (CVE-2022-24769
 * and its like left one over), but for ambient ones that are not permitted and inheritable: the
 * kernel has no such thing. keep is added to permitted and effective only: what the last
 * steps before execve still need; execve computes both anew, so it never reaches the program. */
int caps_set(struct err *e, const struct spec_caps *caps, uint64_t keep);

/* Takes out of permitted, effective, inheritable and ambient what this process does not hold and so
 * cannot give (a host root without all capabilities); says so as a warning. */
void caps_limit_to_own(struct spec_caps *caps);

#endif
