# espalier_kernel_family(score) adds native/kernels/score: score*.cc, reference*.cc, cpu_avx2*.cc and
# cpu_avx512*.cc (with the flags of Isa.cmake) to the CPU library, cuda*.cu to the CUDA library, and
# test*.cc, bench*.cc as executables. The .cu files are also compiled for the host through the SIMT
# shim, and the same tests run over that build under AddressSanitizer and UBSan.
# Call it from native/CMakeLists.txt: source properties belong to that directory.

define_property(GLOBAL PROPERTY ESPALIER_FAMILIES)

# A build of the CPU library, to which each family adds its sources.
function(espalier_cpu_library library)
  add_library(${library} SHARED ${ARGN})
  target_link_libraries(${library} PRIVATE espalier_options ${CMAKE_DL_LIBS})
  target_compile_definitions(${library} PRIVATE ESPALIER_VERSION="${PROJECT_VERSION}")
  target_include_directories(${library} PUBLIC include PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/generated)
  target_link_options(${library} PRIVATE -Wl,--no-undefined,--exclude-libs,ALL)
  set_property(GLOBAL APPEND PROPERTY ESPALIER_CPU_LIBRARIES ${library})
endfunction()

function(espalier_kernel_family name)
  set(directory ${CMAKE_CURRENT_SOURCE_DIR}/kernels/${name})
  foreach(required ${name}.h ${name}.cc reference.cc kernels.inc test.cc NOTES.md)
    if(NOT EXISTS ${directory}/${required})
      message(FATAL_ERROR "Kernel family ${name}: expected ${directory}/${required}")
    endif()
  endforeach()
  set_property(GLOBAL APPEND PROPERTY ESPALIER_FAMILIES ${name})

  file(GLOB cpu CONFIGURE_DEPENDS ${directory}/${name}*.cc ${directory}/reference*.cc)
  foreach(isa cpu_avx2 cpu_avx512)
    file(GLOB sources CONFIGURE_DEPENDS ${directory}/${isa}*.cc)
    set_source_files_properties(${sources} PROPERTIES COMPILE_OPTIONS "${ESPALIER_FLAGS_${isa}}")
    list(APPEND cpu ${sources})
  endforeach()
  get_property(libraries GLOBAL PROPERTY ESPALIER_CPU_LIBRARIES)
  foreach(library ${libraries})
    target_sources(${library} PRIVATE ${cpu})
  endforeach()

  file(GLOB cuda CONFIGURE_DEPENDS ${directory}/cuda*.cu)
  if(ESPALIER_HAVE_CUDA)
    target_sources(espalier_kernels_cuda PRIVATE ${cuda})
  endif()
  if(ESPALIER_HAVE_TESTS)
    foreach(source ${cuda})
      espalier_simt_source(${source})
    endforeach()
    file(GLOB sources CONFIGURE_DEPENDS ${directory}/test*.cc)
    espalier_test(${name} ${sources})
    file(GLOB sources CONFIGURE_DEPENDS ${directory}/bench*.cc)
    espalier_benchmark(${name} ${sources})
  endif()
endfunction()

function(espalier_benchmark name)
  if(ARGN AND benchmark_FOUND)
    add_executable(${name}_bench EXCLUDE_FROM_ALL ${ARGN})
    target_link_libraries(${name}_bench PRIVATE espalier_kernels espalier_bench_support)
    espalier_use_cuda_library(${name}_bench)
    add_dependencies(espalier_bench ${name}_bench)
  endif()
endfunction()

# Compiles one .cu file for the host. A wrapper file, because a source has one language per directory.
function(espalier_simt_source source)
  file(RELATIVE_PATH relative ${CMAKE_CURRENT_SOURCE_DIR} ${source})
  string(MAKE_C_IDENTIFIER ${relative} identifier)
  set(wrapper ${CMAKE_CURRENT_BINARY_DIR}/simt/${identifier}.cc)
  file(GENERATE OUTPUT ${wrapper} CONTENT "#include \"${relative}\"\n")
  target_sources(espalier_kernels_simt PRIVATE ${wrapper})
endfunction()

# Tells an executable where the CUDA library is, if one is built.
function(espalier_use_cuda_library target)
  if(ESPALIER_HAVE_CUDA)
    target_compile_definitions(${target} PRIVATE
      ESPALIER_TEST_CUDA_LIBRARY="$<TARGET_FILE:espalier_kernels_cuda>")
    add_dependencies(${target} espalier_kernels_cuda)
  endif()
endfunction()

# espalier_test(score test.cc ...): `score_test` against the shipped libraries, `score_simt_test`
# against their sanitized builds with the SIMT library in the place of the CUDA library.
function(espalier_test name)
  add_executable(${name}_test ${ARGN})
  target_link_libraries(${name}_test PRIVATE espalier_kernels espalier_testing GTest::gtest_main)
  espalier_use_cuda_library(${name}_test)
  add_test(NAME ${name} COMMAND ${name}_test --gtest_brief=1)

  add_executable(${name}_simt_test ${ARGN})
  target_link_libraries(${name}_simt_test PRIVATE espalier_kernels_checked espalier_testing_checked GTest::gtest_main)
  target_compile_definitions(${name}_simt_test PRIVATE
    ESPALIER_TEST_CUDA_LIBRARY="$<TARGET_FILE:espalier_kernels_simt>")
  add_dependencies(${name}_simt_test espalier_kernels_simt)
  add_test(NAME ${name}_simt COMMAND ${name}_simt_test --gtest_brief=1)
  set_tests_properties(${name} ${name}_simt PROPERTIES TIMEOUT 300
    ENVIRONMENT "OMP_WAIT_POLICY=passive;ASAN_OPTIONS=detect_stack_use_after_return=0;UBSAN_OPTIONS=print_stacktrace=1")
endfunction()

# Writes the lists that the libraries' kernel tables include. Call it after the last family.
function(espalier_write_kernel_lists)
  get_property(families GLOBAL PROPERTY ESPALIER_FAMILIES)
  set(headers "")
  set(rows "")
  foreach(family ${families})
    string(APPEND headers "#include \"kernels/${family}/${family}.h\"\n")
    string(APPEND rows "#include \"kernels/${family}/kernels.inc\"\n")
  endforeach()
  file(GENERATE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/generated/family_headers.inc CONTENT "${headers}")
  file(GENERATE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/generated/family_kernels.inc CONTENT "${rows}")
endfunction()
