# The Debian package, made by CPack of what `cmake --install` installs.

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME msctl)
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
set(CPACK_PACKAGE_CONTACT "The maintainers of msctl <maintainers@msctl.invalid>")  # no such domain, by RFC 2606
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "run a system of services on one machine, and a chassis to build them on")
set(CPACK_PACKAGE_DESCRIPTION
"msctl builds, starts, probes, scales, restarts and stops the services of
a cluster file, whatever language they are in, and they live on when it is
killed.
.
The package also holds a chassis for services in C++20 with what they share:
REST and gRPC over one handler, SQLite with migrations, an outbox to NATS
JetStream, health, metrics and logs. The recommended packages are what building
such a service needs; msctl alone runs without them.")

# What building a service needs is what building msctl needs; what running a cluster needs (a broker, and Python, which
# generated tests need as well) is what the reference cluster needs; and a service has tests.
set(recommended libgtest-dev libgmock-dev git)
foreach(list IN ITEMS build run)
  file(STRINGS .ci/packages-${list}.txt packages REGEX "^[^#]")
  list(APPEND recommended ${packages})
endforeach()
list(JOIN recommended ", " CPACK_DEBIAN_PACKAGE_RECOMMENDS)

# Debian wants a changelog in a form of its own; what changed is in ours.
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(CONFIGURE OUTPUT changelog CONTENT "msctl (@PROJECT_VERSION@) unstable; urgency=medium

  * What changed is in CHANGELOG.md beside this file.

 -- @CPACK_PACKAGE_CONTACT@  @date@
" @ONLY)
file(ARCHIVE_CREATE OUTPUT "${PROJECT_BINARY_DIR}/changelog.gz" PATHS "${PROJECT_BINARY_DIR}/changelog"
     FORMAT raw COMPRESSION GZip COMPRESSION_LEVEL 9)
install(FILES "${PROJECT_BINARY_DIR}/changelog.gz" CHANGELOG.md DESTINATION share/doc/msctl)

include(CPack)
