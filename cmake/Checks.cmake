# Tests of the SIMT shim and of the sources, and targets for machines with more tools. Included from
# native/CMakeLists.txt after the families.

add_executable(simt_test base/simt/test.cc base/simt/test_mma.cc ${simt_sources})
target_compile_definitions(simt_test PRIVATE ESPALIER_SIMT)
target_link_libraries(simt_test PRIVATE espalier_testing_checked GTest::gtest_main)
target_link_options(simt_test PRIVATE ${ESPALIER_SANITIZE})
add_test(NAME simt COMMAND simt_test --gtest_brief=1)
set_tests_properties(simt PROPERTIES TIMEOUT 300)

# What the calls ask of a device: only the shim can tell.
add_executable(device_simt_test library/test_device.cc)
target_link_libraries(device_simt_test PRIVATE espalier_kernels_checked espalier_testing_checked GTest::gtest_main)
target_compile_definitions(device_simt_test PRIVATE ESPALIER_TEST_CUDA_LIBRARY="$<TARGET_FILE:espalier_kernels_simt>")
add_dependencies(device_simt_test espalier_kernels_simt)
add_test(NAME device_simt COMMAND device_simt_test --gtest_brief=1)
set_tests_properties(device_simt PROPERTIES TIMEOUT 300 ENVIRONMENT "ASAN_OPTIONS=detect_stack_use_after_return=0")

set(objects "")
if(CMAKE_BUILD_TYPE MATCHES "Rel")
  set(objects ${CMAKE_BINARY_DIR}/native_objects.txt)
  file(GENERATE OUTPUT ${objects} CONTENT "$<JOIN:$<TARGET_OBJECTS:espalier_kernels>,\n>\n")
endif()
add_test(NAME native_law COMMAND ${CMAKE_COMMAND} -DROOT=${CMAKE_SOURCE_DIR} -DOBJECTS=${objects}
  -DLIBRARY=$<TARGET_FILE:espalier_kernels> -DNM=${CMAKE_NM} -P ${CMAKE_SOURCE_DIR}/cmake/NativeLaw.cmake)
add_test(NAME native_law_fires COMMAND ${CMAKE_COMMAND} -DLAW=${CMAKE_SOURCE_DIR}/cmake/NativeLaw.cmake
  -DWORK=${CMAKE_BINARY_DIR}/native_law -DCXX=${CMAKE_CXX_COMPILER} -DNM=${CMAKE_NM} -P ${CMAKE_SOURCE_DIR}/cmake/NativeLawTest.cmake)

# Formatting differs between major versions, so only this one counts.
find_program(ESPALIER_CLANG_FORMAT NAMES clang-format-14)
file(GLOB_RECURSE formatted CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/native/*.h ${CMAKE_SOURCE_DIR}/native/*.cc
  ${CMAKE_SOURCE_DIR}/native/*.cu ${CMAKE_SOURCE_DIR}/native/*.cuh)
if(ESPALIER_CLANG_FORMAT)
  add_custom_target(format COMMAND ${ESPALIER_CLANG_FORMAT} -i ${formatted} VERBATIM)
  add_custom_target(format-check COMMAND ${ESPALIER_CLANG_FORMAT} --dry-run -Werror ${formatted} VERBATIM)
  add_test(NAME native_format COMMAND ${ESPALIER_CLANG_FORMAT} --dry-run -Werror ${formatted})
else()
  add_test(NAME native_format COMMAND ${CMAKE_COMMAND} -E echo "skipped: clang-format-14 is not installed")
  set_tests_properties(native_format PROPERTIES SKIP_REGULAR_EXPRESSION "skipped:")
endif()

# All tests that have CUDA rows, under compute-sanitizer; needs a GPU.
if(ESPALIER_HAVE_CUDA)
  find_program(ESPALIER_COMPUTE_SANITIZER compute-sanitizer HINTS ${CUDAToolkit_BIN_DIR})
  get_property(families GLOBAL PROPERTY ESPALIER_FAMILIES)
  set(commands "")
  foreach(family ${families})
    foreach(tool memcheck racecheck synccheck)
      list(APPEND commands COMMAND ${ESPALIER_COMPUTE_SANITIZER} --tool ${tool} --error-exitcode 1
        $<TARGET_FILE:${family}_test> --gtest_filter=*_cuda)
    endforeach()
  endforeach()
  if(ESPALIER_COMPUTE_SANITIZER)
    add_custom_target(compute-sanitizer ${commands} VERBATIM)
  else()
    add_custom_target(compute-sanitizer
      COMMAND ${CMAKE_COMMAND} -E echo "compute-sanitizer was not found; install the CUDA toolkit's sanitizer package"
      COMMAND ${CMAKE_COMMAND} -E false VERBATIM)
  endif()
endif()
