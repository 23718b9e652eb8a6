# nameplate_unit_test(NAME LIBRARIES...): tests/unit/test_NAME.c, one cmocka
# program whose test names are sentences; ctest runs it.
function(nameplate_unit_test name)
  add_executable(test_${name} ${CMAKE_SOURCE_DIR}/tests/unit/test_${name}.c)
  target_link_libraries(test_${name} PRIVATE nameplate_flags dep_cmocka ${ARGN})
  target_compile_definitions(test_${name} PRIVATE
    NAMEPLATE_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
    NAMEPLATE_BINARY_DIR="${CMAKE_BINARY_DIR}")
  add_test(NAME unit-${name} COMMAND test_${name})
  set_tests_properties(unit-${name} PROPERTIES TIMEOUT 120
    ENVIRONMENT "CMOCKA_MESSAGE_OUTPUT=TAP")
endfunction()
