// AVX2 with FMA: 16 registers of 8 lanes; 6 x 16 keeps 12 sums, 2 weights and 1 broadcast in them.
#define WINOGRAD_WIDTH 8
#define WINOGRAD_GEMM_ROWS 6
#define WINOGRAD_POSITION_KERNELS 3
#define WINOGRAD_OUTER_VECTORS 3
#define WINOGRAD_NAME "avx2"
#define WINOGRAD_TABLE kAvx2Kernels
#define WINOGRAD_SUPPORTED __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
#include "kernels/micro/table.h"
