# proto/ats/v1/*.proto as C++, made in the build directory: a library of its own, whose warnings are the generator's
# business. Included as <ats/v1/risk.grpc.pb.h>.
file(GLOB protos CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/proto/ats/v1/*.proto)
set(generated ${CMAKE_BINARY_DIR}/proto)
file(MAKE_DIRECTORY ${generated})
foreach(proto IN LISTS protos)
  get_filename_component(name ${proto} NAME_WE)
  set(made ${generated}/ats/v1/${name}.pb.cc ${generated}/ats/v1/${name}.pb.h
           ${generated}/ats/v1/${name}.grpc.pb.cc ${generated}/ats/v1/${name}.grpc.pb.h)
  add_custom_command(OUTPUT ${made}
    COMMAND protobuf::protoc -I ${CMAKE_SOURCE_DIR}/proto --cpp_out=${generated} --grpc_out=${generated}
            --plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin> ${proto}
    DEPENDS ${proto} VERBATIM)
  list(APPEND all_made ${made})
endforeach()
add_custom_target(proto_sources DEPENDS ${all_made}) # for lint, which builds nothing else
add_library(ats_proto STATIC ${all_made})
target_compile_options(ats_proto PRIVATE -w)
target_include_directories(ats_proto SYSTEM PUBLIC ${generated})
target_link_libraries(ats_proto PUBLIC gRPC::grpc++ protobuf::libprotobuf)

# The sources that include it, and no others: what is generated is long, and every other file would be compiled
# with one more path and wait for it.
function(ats_speaks_proto)
  set_source_files_properties(${ARGN} PROPERTIES
    COMPILE_OPTIONS "-isystem;${generated}" OBJECT_DEPENDS "${all_made}")
endfunction()
