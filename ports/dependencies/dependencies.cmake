# Finds the libraries: what the packager gives with -D, then the system's where
# it is new enough, else Debian's source packages (see build).
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

# nameplate_system_library(TARGET PKG-CONFIG-NAME APT-PACKAGE)
function(nameplate_system_library target module package)
  pkg_check_modules(${target} QUIET IMPORTED_TARGET ${module})
  if(NOT ${target}_FOUND)
    message(FATAL_ERROR
      "${module} is missing; run: apt-get install ${package}")
  endif()
  add_library(dep_${target} INTERFACE)
  target_link_libraries(dep_${target} INTERFACE PkgConfig::${target})
endfunction()

nameplate_system_library(uv libuv libuv1-dev)
nameplate_system_library(sqlite sqlite3 libsqlite3-dev)
nameplate_system_library(cjson libcjson libcjson-dev)
nameplate_system_library(inih inih libinih-dev)
if(NAMEPLATE_MOCK)
  nameplate_system_library(mosquitto libmosquitto libmosquitto-dev)
  nameplate_system_library(ssl openssl libssl-dev)
  nameplate_system_library(microhttpd libmicrohttpd libmicrohttpd-dev)
  # microhttpd's TLS
  nameplate_system_library(gnutls gnutls libgnutls28-dev)
endif()
if(NAMEPLATE_TESTS OR NAMEPLATE_FUZZ)
  nameplate_system_library(cmocka cmocka libcmocka-dev)
endif()

# Paho ships neither pkg-config nor CMake files that every Debian has.
find_path(PAHO_INCLUDE MQTTAsync.h)
find_library(PAHO_LIBRARY paho-mqtt3a)
if(NOT PAHO_INCLUDE OR NOT PAHO_LIBRARY)
  message(FATAL_ERROR
    "Paho MQTT C is missing; run: apt-get install libpaho-mqtt-dev")
endif()
add_library(dep_paho INTERFACE)
target_include_directories(dep_paho SYSTEM INTERFACE ${PAHO_INCLUDE})
target_link_libraries(dep_paho INTERFACE ${PAHO_LIBRARY})

# mbedTLS: -DNAMEPLATE_MBEDTLS=<prefix of a static build with our header>.
# libcurl: -DNAMEPLATE_CURL=<prefix of a static build on that mbedTLS>.  The
# system's is no choice: it brings another TLS library into the process.
set(NAMEPLATE_MBEDTLS "" CACHE PATH "Prefix of mbedTLS >= 3.6.6, our config")
set(NAMEPLATE_CURL "" CACHE PATH "Prefix of libcurl >= 8.14, on that mbedTLS")

# nameplate_build(PREFIX-VARIABLE WHAT [ARGUMENTS...]): unless the packager gave
# the prefix, build WHAT and set it.
function(nameplate_build variable what)
  if(${variable})
    return()
  endif()
  set(prefix "${CMAKE_SOURCE_DIR}/build/dependencies")
  message(STATUS "Preparing ${what} (about half a minute the first time)")
  execute_process(
    COMMAND ${CMAKE_SOURCE_DIR}/ports/dependencies/build
      ${what} ${prefix} ${ARGN}
    RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "${what} could not be prepared: see the lines above")
  endif()
  set(${variable} ${prefix} PARENT_SCOPE)
endfunction()

set(mbedtls_prefix "${NAMEPLATE_MBEDTLS}")
nameplate_build(mbedtls_prefix mbedtls)
set(curl_prefix "${NAMEPLATE_CURL}")
nameplate_build(curl_prefix curl ${mbedtls_prefix})

# nameplate_archive(TARGET FILE NEEDS...): the linker meets it before what it
# needs.
function(nameplate_archive target file)
  add_library(${target} STATIC IMPORTED)
  set_target_properties(${target} PROPERTIES
    IMPORTED_LOCATION ${file} INTERFACE_LINK_LIBRARIES "${ARGN}")
endfunction()

nameplate_archive(archive_mbedcrypto ${mbedtls_prefix}/lib/libmbedcrypto.a
  psa_its Threads::Threads)
nameplate_archive(archive_mbedx509 ${mbedtls_prefix}/lib/libmbedx509.a
  archive_mbedcrypto)
nameplate_archive(archive_mbedtls ${mbedtls_prefix}/lib/libmbedtls.a
  archive_mbedx509)
nameplate_archive(archive_curl ${curl_prefix}/lib/libcurl.a archive_mbedtls)

add_library(dep_mbedcrypto INTERFACE)
target_include_directories(dep_mbedcrypto SYSTEM INTERFACE
  ${mbedtls_prefix}/include)
target_compile_definitions(dep_mbedcrypto INTERFACE
  MBEDTLS_CONFIG_FILE="nameplate_mbedtls_config.h")
# PSA's storage is ours.
add_library(psa_its STATIC ${CMAKE_SOURCE_DIR}/ports/mbedtls/its.c)
target_include_directories(psa_its SYSTEM PRIVATE ${mbedtls_prefix}/include)
target_compile_definitions(psa_its PRIVATE
  MBEDTLS_CONFIG_FILE="nameplate_mbedtls_config.h")
target_link_libraries(psa_its PRIVATE nameplate_flags)
target_link_libraries(dep_mbedcrypto INTERFACE archive_mbedx509)

# Keys in tokens: headers only.  The libraries are opened when a key's URI asks
# for them, so a device without a token needs none of them.
pkg_check_modules(P11KIT QUIET p11-kit-1)
pkg_check_modules(TSS2 QUIET tss2-esys)
if(NOT P11KIT_FOUND OR NOT TSS2_FOUND)
  message(FATAL_ERROR "The headers of p11-kit or of the TPM's library are "
    "missing; run: apt-get install libp11-kit-dev libtss2-dev")
endif()
add_library(dep_tokens INTERFACE)
target_include_directories(dep_tokens SYSTEM INTERFACE
  ${P11KIT_INCLUDE_DIRS} ${TSS2_INCLUDE_DIRS})
target_link_libraries(dep_tokens INTERFACE ${CMAKE_DL_LIBS})
add_library(dep_mbedtls INTERFACE)
target_link_libraries(dep_mbedtls INTERFACE archive_mbedtls dep_mbedcrypto)
add_library(dep_curl INTERFACE)
target_include_directories(dep_curl SYSTEM INTERFACE ${curl_prefix}/include)
target_compile_definitions(dep_curl INTERFACE CURL_STATICLIB)
target_link_libraries(dep_curl INTERFACE archive_curl dep_mbedtls)
