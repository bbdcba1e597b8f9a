// What every machine can run: four lanes, whatever the compiler makes of them.
#define WINOGRAD_WIDTH 4
#define WINOGRAD_GEMM_ROWS 6
#define WINOGRAD_POSITION_KERNELS 3
#define WINOGRAD_OUTER_VECTORS 2
#define WINOGRAD_NAME "portable"
#define WINOGRAD_TABLE kPortableKernels
#define WINOGRAD_SUPPORTED true
#include "kernels/micro/table.h"
