/* Private to systemd/: values into D-Bus messages. */
#ifndef BAWN_SYSTEMD_MESSAGE_H
#define BAWN_SYSTEMD_MESSAGE_H

#include <systemd/sd-bus.h>

#include "systemd.h"

/* Appends the "(sv)" structs of a list of properties, with the array around them. Errors name the
 * property. */
int message_add_properties(struct err *e, sd_bus_message *m, const struct unit_property *v,
			   size_t n);

#endif
