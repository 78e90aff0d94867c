# SPDX-License-Identifier: Apache-2.0
# The core as the extension's part. core/ holds links to its sources, which an sdist carries as files.
option(PCAPML_WERROR "Warnings are errors" OFF)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(ZLIB REQUIRED)
find_package(BZip2 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(LIBLZMA REQUIRED IMPORTED_TARGET liblzma)
pkg_check_modules(LIBLZ4 REQUIRED IMPORTED_TARGET liblz4)
pkg_check_modules(LIBZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(LIBPCAP REQUIRED IMPORTED_TARGET libpcap)
pkg_check_modules(LDNS REQUIRED IMPORTED_TARGET ldns)
pkg_check_modules(LIBCRYPTO REQUIRED IMPORTED_TARGET libcrypto)

# As in the repository's CMakeLists.txt, and with links followed, so that ccache knows what was compiled there.
add_library(pcapml_flags INTERFACE)
target_compile_options(pcapml_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor
                                              -Wold-style-cast -Wimplicit-fallthrough)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 14)
  # GCC bugs 105651, 105329: false alarms on std::string and std::vector
  target_compile_options(pcapml_flags INTERFACE -Wno-restrict -Wno-stringop-overflow)
endif()
if(PCAPML_WERROR)
  target_compile_options(pcapml_flags INTERFACE -Werror)
endif()

file(GLOB parts core/src/*)
foreach(part ${parts})
  file(REAL_PATH ${part} folder)
  file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cpp)
  list(APPEND CORE_SOURCES ${sources})
endforeach()
list(FILTER CORE_SOURCES EXCLUDE REGEX "_test\\.cpp$")
cmake_path(GET folder PARENT_PATH CORE)
file(REAL_PATH core/include CORE_INCLUDE)

add_library(pcapml_core STATIC ${CORE_SOURCES})
target_include_directories(pcapml_core PUBLIC ${CORE_INCLUDE} PRIVATE ${CORE})
target_compile_definitions(pcapml_core PRIVATE PCAPML_VERSION="${PROJECT_VERSION}")
target_link_libraries(pcapml_core PUBLIC Threads::Threads PRIVATE pcapml_flags fmt::fmt ZLIB::ZLIB BZip2::BZip2
                      PkgConfig::LIBLZMA PkgConfig::LIBLZ4 PkgConfig::LIBZSTD PkgConfig::LIBPCAP PkgConfig::LDNS
                      PkgConfig::LIBCRYPTO nlohmann_json::nlohmann_json)
