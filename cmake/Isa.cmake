# Compile flags of each instruction set. native/base/arch.cc checks the same features at run time.
set(ESPALIER_FLAGS_cpu_avx2 -mavx2 -mfma -mbmi -mbmi2 -mf16c -mlzcnt -mpopcnt -maes -mpclmul)
set(ESPALIER_FLAGS_cpu_avx512 ${ESPALIER_FLAGS_cpu_avx2}
    -mavx512f -mavx512bw -mavx512cd -mavx512dq -mavx512vl -mprefer-vector-width=512)

find_package(OpenMP REQUIRED COMPONENTS CXX)

# Highway is used through its headers only (static dispatch), so the package's library is not linked;
# its debug checks would need it.
find_package(hwy CONFIG QUIET)
set(ESPALIER_HIGHWAY_INCLUDE "")
if(TARGET hwy::hwy)
  get_target_property(ESPALIER_HIGHWAY_INCLUDE hwy::hwy INTERFACE_INCLUDE_DIRECTORIES)
else()
  find_path(ESPALIER_HIGHWAY_HEADERS hwy/highway.h REQUIRED)
  set(ESPALIER_HIGHWAY_INCLUDE ${ESPALIER_HIGHWAY_HEADERS})
endif()

# Warnings and floating-point rules of every native file. Contraction is off so that an operation
# rounds alike on every backend unless its source asks for a fused operation.
add_library(espalier_options INTERFACE)
target_compile_options(espalier_options INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wshadow -ffp-contract=off -fno-math-errno -fno-trapping-math>
  $<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wall,-Wextra,-ffp-contract=off -lineinfo>)
target_include_directories(espalier_options INTERFACE ${CMAKE_SOURCE_DIR}/native ${CMAKE_SOURCE_DIR}/native/include)
target_include_directories(espalier_options SYSTEM INTERFACE ${ESPALIER_HIGHWAY_INCLUDE})
target_compile_definitions(espalier_options INTERFACE HWY_IS_DEBUG_BUILD=0)
target_link_libraries(espalier_options INTERFACE OpenMP::OpenMP_CXX)

set(ESPALIER_SANITIZE -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -O1 -g1)
