// AVX-512: 32 registers of 16 lanes; 14 x 32 keeps 28 sums and 2 weights in them.
#define WINOGRAD_WIDTH 16
#define WINOGRAD_GEMM_ROWS 14
#define WINOGRAD_POSITION_KERNELS 6
#define WINOGRAD_OUTER_VECTORS 4
#define WINOGRAD_NAME "avx512"
#define WINOGRAD_TABLE kAvx512Kernels
#define WINOGRAD_SUPPORTED __builtin_cpu_supports("avx512f")
#include "kernels/micro/table.h"
