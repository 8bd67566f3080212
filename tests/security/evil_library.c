/* A library of a hostile image: what it does when it is loaded outside shows on the host only. */
#include <fcntl.h>
#include <unistd.h>

#define CANARY "/tmp/bawn-security-canary/owned"

__attribute__((constructor)) static void run(void)
{
	close(open(CANARY, O_WRONLY | O_CREAT, 0644));
}
