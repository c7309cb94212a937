# The Debian package: ./dev package. It holds what the build has left, and builds nothing itself.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)
set(pack ${CMAKE_SOURCE_DIR}/deploy)
set(doc usr/share/doc/ats)

install(TARGETS ats RUNTIME DESTINATION usr/bin)
file(GLOB units CONFIGURE_DEPENDS ${pack}/systemd/*.service)
install(FILES ${units} DESTINATION lib/systemd/system)
install(FILES ${pack}/debian/ats.sysusers DESTINATION usr/lib/sysusers.d RENAME ats.conf)
file(GLOB configs CONFIGURE_DEPENDS ${pack}/config/*.toml)
install(FILES ${configs} DESTINATION etc/ats PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ)
install(FILES ${pack}/prometheus/ats.rules.yaml ${pack}/prometheus/prometheus.yaml
  DESTINATION usr/share/ats/prometheus)
install(FILES ${pack}/grafana/ats.json DESTINATION usr/share/ats/grafana)
install(DIRECTORY proto/ DESTINATION usr/share/ats/proto)
install(DIRECTORY docs/ DESTINATION ${doc})
install(FILES README.md ARCHITECTURE.md DESTINATION ${doc})
install(FILES ${pack}/debian/copyright DESTINATION ${doc})
# Debian wants these packed, and the same bytes each time (-n).
foreach(page ats.1 changelog)
  execute_process(COMMAND gzip -9nc ${pack}/debian/${page} OUTPUT_FILE ${CMAKE_BINARY_DIR}/${page}.gz
    COMMAND_ERROR_IS_FATAL ANY)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${pack}/debian/${page})
endforeach()
install(FILES ${CMAKE_BINARY_DIR}/ats.1.gz DESTINATION usr/share/man/man1)
install(FILES ${CMAKE_BINARY_DIR}/changelog.gz DESTINATION ${doc})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGING_INSTALL_PREFIX /)
set(CPACK_PACKAGE_NAME ats)
set(CPACK_PACKAGE_CONTACT "ATS <ats@localhost>")
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "systemd | systemd-standalone-sysusers | systemd-sysusers, ca-certificates, tzdata")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "chrony | systemd-timesyncd | time-daemon")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "redis-server, influxdb, prometheus")
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "automated cross-exchange crypto arbitrage")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "Watches the order books of several venues, buys on one and sells on another
when their prices differ by more than it costs, and keeps exact books.
Nothing is started by installing it, and what is in /etc/ats trades on paper.")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${pack}/debian/postinst ${pack}/debian/prerm ${pack}/debian/postrm
  ${CMAKE_BINARY_DIR}/conffiles)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
list(TRANSFORM configs REPLACE "^.*/" "/etc/ats/" OUTPUT_VARIABLE conffiles)
list(JOIN conffiles "\n" conffiles)
file(WRITE ${CMAKE_BINARY_DIR}/conffiles "${conffiles}\n")
include(CPack)
