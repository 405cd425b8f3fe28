/* mman.h - advice that <sys/mman.h> of older systems lacks.
 *
 * Source: include/uapi/asm-generic/mman-common.h of Linux 5.4.
 */
#ifndef UAPI_MMAN_H
#define UAPI_MMAN_H

#include <sys/mman.h>

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

#endif
