/* userfaultfd.h - <linux/userfaultfd.h> with the features that Debian 12's lacks.
 *
 * Source: include/uapi/linux/userfaultfd.h of Linux 6.7. Bits, not an enum: a
 * newer system header may define them too.
 */
#ifndef UAPI_USERFAULTFD_H
#define UAPI_USERFAULTFD_H

#include <linux/userfaultfd.h>

#ifndef UFFD_FEATURE_WP_UNPOPULATED
#define UFFD_FEATURE_WP_UNPOPULATED	(1ULL << 13)	/* anonymous holes can be write-protected (6.4) */
#endif
#ifndef UFFD_FEATURE_WP_ASYNC
#define UFFD_FEATURE_WP_ASYNC		(1ULL << 15)	/* the kernel resolves the write itself (6.7) */
#endif

#endif
