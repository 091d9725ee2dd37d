# The native law as a test: cmake -DROOT=<folder that holds native/> [-DLIBRARY=... -DOBJECTS=<list file> -DNM=...] -P NativeLaw.cmake
# Fails with one line per violation.

cmake_minimum_required(VERSION 3.25)
set(violations "")

# Fails where a line of `file` matches `pattern`.
function(refuse file pattern rule)
  file(STRINGS ${ROOT}/native/${file} lines REGEX "${pattern}")
  foreach(line IN LISTS lines)
    string(STRIP "${line}" line)
    string(APPEND violations "native/${file}: ${rule}: ${line}\n")
  endforeach()
  set(violations "${violations}" PARENT_SCOPE)
endfunction()

file(GLOB_RECURSE files RELATIVE ${ROOT}/native
  ${ROOT}/native/*.h ${ROOT}/native/*.cc ${ROOT}/native/*.cu ${ROOT}/native/*.cuh ${ROOT}/native/*.inc)
if(NOT files)
  message(FATAL_ERROR "expected native sources under ${ROOT}/native, got none")
endif()

foreach(file IN LISTS files)
  # Arrows: base knows no family, a family knows no other, and nobody knows a JVM or libtorch.
  if(file MATCHES "^base/" AND NOT file MATCHES "test")
    refuse(${file} "#include \"(kernels|library)/" "base includes what is above it")
  endif()
  if(file MATCHES "^kernels/([a-z0-9_]+)/")
    set(family ${CMAKE_MATCH_1})
    file(STRINGS ${ROOT}/native/${file} lines REGEX "#include \"(kernels|library)/")
    foreach(line IN LISTS lines)
      if(NOT line MATCHES "\"kernels/${family}/")
        string(APPEND violations "native/${file}: a family includes another part: ${line}\n")
      endif()
    endforeach()
  endif()
  refuse(${file} "#include [<\"](torch|ATen|c10|caffe2|jni|javacpp)[/.]" "native code knows no JVM and no libtorch")

  # A guest neither prints, ends the process, allocates nor waits for a device.
  if(NOT file MATCHES "^base/(testing|simt)/|(^|/)test[^/]*$|(^|/)bench[^/]*$")
    refuse(${file} "(^|[^a-z_])(f?printf|puts|putchar|perror|abort|exit|assert)[ ]*\\(|std::c(out|err)" "prints or ends the process")
    refuse(${file} "(^|[^a-z_])(malloc|calloc|realloc|aligned_alloc|posix_memalign|alloca)[ ]*\\(|(^|[^a-z_])new[ (]|std::(vector|string|map|function|unique_ptr|shared_ptr)|(^|[^a-z_])throw " "allocates or throws")
    refuse(${file} "cuda(Malloc|Free|HostAlloc|DeviceSynchronize|StreamSynchronize|EventSynchronize)|cudaMemcpy *\\(" "allocates or waits on a device")
    # Nor does it what a graph capture forbids, or what would leave the caller's stream.
    refuse(${file} "cuda(Memcpy|MallocManaged|StreamQuery|EventQuery|StreamCreate|LaunchHostFunc)|cudaMemset *\\(" "copies to the host or cannot be captured")
    if(NOT file STREQUAL "base/cuda.h")
      refuse(${file} "<<<" "launches other than through launch() of base/cuda.h")
    endif()
  endif()

  file(READ ${ROOT}/native/${file} content)
  string(REGEX REPLACE "[^\n]" "" content "${content}")
  string(LENGTH "${content}" length)
  # The public header is one list of declarations, and the only file that the Java binding parses.
  if(length GREATER 300 AND NOT file STREQUAL "include/espalier/kernels.h")
    string(APPEND violations "native/${file}: expected at most 300 lines, got ${length}\n")
  endif()
endforeach()

# The same on the built library, whatever its sources include: what it asks of other libraries.
if(LIBRARY)
  execute_process(COMMAND ${NM} -D --undefined-only ${LIBRARY} OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL "U (f?printf|__f?printf_chk|puts|putchar|abort|_?exit|malloc|calloc|realloc|aligned_alloc|posix_memalign|_Zn[aw][^\n]*|__cxa_throw|__assert_fail)[@\n]" found "${symbols}")
  foreach(symbol IN LISTS found)
    string(APPEND violations "${LIBRARY}: the library calls ${symbol}\n")
  endforeach()
endif()

# Code compiled for one instruction set must be private to its file: a function that the linker may share
# with other files (a weak symbol) would run on processors that lack the instructions. Optimised builds only.
if(OBJECTS)
  file(STRINGS ${OBJECTS} objects REGEX "/cpu_avx[^/]*$")
  foreach(object IN LISTS objects)
    execute_process(COMMAND ${NM} ${object} OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
    string(REGEX MATCHALL " [WVu] [^\n]+" found "${symbols}")
    list(FILTER found EXCLUDE REGEX " DW\\.ref\\.")
    foreach(symbol IN LISTS found)
      string(APPEND violations "${object}: the linker may share${symbol}\n")
    endforeach()
  endforeach()
endif()

if(violations)
  message(FATAL_ERROR "Native law:\n${violations}")
endif()
