/* /proc/PID/net/dev: names and number of the interfaces are a container's choice. */
#include "runtime/runtime.h"
#include "t.h"

#define HEADER                                                                               \
	"Inter-|   Receive                                                |  Transmit\n"       \
	" face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets " \
	"errs drop fifo colls carrier compressed\n"

static struct arena arena;

static struct net_interfaces parse(const char *text)
{
	struct net_interfaces n = { .set = false };

	OK(net_interfaces_parse(&arena, slice_of(text), &n));
	return n;
}

TEST(as_kernels_write_it)
{
	struct net_interfaces n = parse(
		HEADER
		"    lo:    3267      29    0    0    0     0          0         0     3267      "
		"29    0    0    0     0       0          0\n"
		"eth0:18446744073709551615 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n");

	EQ(n.n, 2);
	STREQ(n.v[0].name, "lo");
	EQ(n.v[0].rx_bytes, 3267);
	EQ(n.v[0].tx_packets, 29);
	STREQ(n.v[1].name, "eth0");
	EQ(n.v[1].rx_bytes, UINT64_MAX);
	EQ(n.v[1].rx_packets, 2);
	EQ(n.v[1].rx_errors, 3);
	EQ(n.v[1].rx_dropped, 4);
	EQ(n.v[1].tx_bytes, 9);
	EQ(n.v[1].tx_packets, 10);
	EQ(n.v[1].tx_errors, 11);
	EQ(n.v[1].tx_dropped, 12);
	TRUE(!n.cut);
}

TEST(lines_that_are_none)
{
	EQ(parse("").n, 0);
	EQ(parse(HEADER).n, 0);
	EQ(parse("eth0: 1 2 3\n").n, 0);
	EQ(parse("eth0: 1 2 3 4 5 6 7 8 9 10 11 x\n").n, 0);
	EQ(parse("eth0: 1 2 3 4 5 6 7 8 9 10 11 18446744073709551616\n").n, 0);
	EQ(parse(": 1 2 3 4 5 6 7 8 9 10 11 12\n").n, 0);
	EQ(parse("eth0 1 2 3 4 5 6 7 8 9 10 11 12\n").n, 0);
	EQ(parse("eth0: 1 2 3 4 5 6 7 8 9 10 11 12").n, 1);
}

TEST(names_of_any_bytes)
{
	struct net_interfaces n = parse("  \x1b[2J\xff\"\\: 1 2 3 4 5 6 7 8 9 10 11 12\n");

	EQ(n.n, 1);
	STREQ(n.v[0].name, "\x1b[2J\xff\"\\");
}

TEST(more_than_anybody_needs)
{
	_buf_ struct buf b = { .data = NULL };
	struct net_interfaces n;

	buf_str(&b, HEADER);
	for (int i = 0; i < 2 * NET_INTERFACES_MAX; i++)
		buf_printf(&b, "d%d: %d 2 3 4 5 6 7 8 9 10 11 12\n", i, i);
	n = parse(b.data);
	TRUE(n.cut);
	TRUE(n.n <= NET_INTERFACES_MAX && n.n >= NET_INTERFACES_MAX - 2);
	EQ(n.v[n.n - 1].rx_bytes, n.n - 1);
}
