# The dashboard's page, made of web/ and put into the binary: one source with every file of it. Without it (ATS_WEB off: all but what ships) the binary
# has the API alone.
if(ATS_WEB)
  file(GLOB_RECURSE web_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/web/src/* ${CMAKE_SOURCE_DIR}/web/public/*)
  file(GLOB web_settings CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/web/*.json ${CMAKE_SOURCE_DIR}/web/*.ts
    ${CMAKE_SOURCE_DIR}/web/*.html ${CMAKE_SOURCE_DIR}/web/*.mjs ${CMAKE_SOURCE_DIR}/web/build.sh)
  set(web_made ${CMAKE_BINARY_DIR}/web/web_files.cpp)
  add_custom_command(OUTPUT ${web_made}
    COMMAND ${CMAKE_SOURCE_DIR}/web/build.sh ${CMAKE_BINARY_DIR}/web
    DEPENDS ${web_sources} ${web_settings} COMMENT "Building the dashboard's page" VERBATIM)
  target_sources(ats PRIVATE ${web_made})
  set_source_files_properties(${web_made} PROPERTIES COMPILE_OPTIONS "-w;-fno-lto")
  target_compile_definitions(ats PRIVATE ATS_WEB)
endif()
