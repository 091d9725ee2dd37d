# What tests and benchmarks link. Included from native/CMakeLists.txt if ESPALIER_HAVE_TESTS.

# The CPU library under AddressSanitizer and UBSan.
espalier_cpu_library(espalier_kernels_checked ${base_sources})
target_compile_options(espalier_kernels_checked PUBLIC ${ESPALIER_SANITIZE})
target_link_options(espalier_kernels_checked PUBLIC ${ESPALIER_SANITIZE})

# The CUDA library's sources compiled for the host: blocks as loops, threads as fibers.
set(simt_sources base/simt/scheduler.cc base/simt/fiber.cc base/simt/observer.cc base/status.cc)
add_library(espalier_kernels_simt SHARED ${simt_sources})
target_link_libraries(espalier_kernels_simt PRIVATE espalier_options)
target_compile_definitions(espalier_kernels_simt PRIVATE ESPALIER_SIMT)
target_compile_options(espalier_kernels_simt PRIVATE ${ESPALIER_SANITIZE} -Wno-unknown-pragmas)
target_link_options(espalier_kernels_simt PRIVATE ${ESPALIER_SANITIZE})
target_include_directories(espalier_kernels_simt PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/generated)
espalier_simt_source(${CMAKE_CURRENT_SOURCE_DIR}/library/cuda.cu)

# Guarded buffers, sizes, values, and where a backend's memory lives.
add_library(espalier_testing STATIC base/testing/memory.cc base/testing/values.cc)
add_library(espalier_testing_checked STATIC base/testing/memory.cc base/testing/values.cc)
foreach(library espalier_testing espalier_testing_checked)
  target_link_libraries(${library} PUBLIC espalier_options GTest::gtest)
  target_include_directories(${library} PUBLIC include)
endforeach()
target_compile_options(espalier_testing_checked PUBLIC ${ESPALIER_SANITIZE})
if(ESPALIER_HAVE_CUDA)
  target_compile_definitions(espalier_testing PRIVATE ESPALIER_TEST_CUDART)
  target_link_libraries(espalier_testing PRIVATE CUDA::cudart_static)
endif()

# Preloaded by tests of the Java runtime.
add_library(espalier_guard SHARED base/testing/guard_alloc.cc)
target_link_libraries(espalier_guard PRIVATE espalier_options ${CMAKE_DL_LIBS})

# Benchmarks are built on demand: cmake --build build/native --target espalier_bench
find_package(benchmark QUIET)
if(benchmark_FOUND)
  add_custom_target(espalier_bench)
  add_library(espalier_bench_support STATIC EXCLUDE_FROM_ALL base/testing/bench.cc)
  target_link_libraries(espalier_bench_support PUBLIC espalier_testing benchmark::benchmark)
  if(ESPALIER_HAVE_CUDA)
    target_compile_definitions(espalier_bench_support PRIVATE ESPALIER_TEST_CUDART)
    target_link_libraries(espalier_bench_support PRIVATE CUDA::cudart_static)
  endif()
else()
  message(STATUS "Native benchmarks: not built, Google Benchmark was not found")
endif()
