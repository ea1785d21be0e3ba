# Debian packages, `cmake --build … --target package`, split as Debian would; and
# `--target uninstall`, which takes back what `cmake --install` did.

# The install rules name their component; what they leave open is the command's package.
set(ORGTRUST_PACKAGES orgtrust openssl-provider-orgtrust orgtrust-pkcs11 orgtrust-server)

configure_file(${CMAKE_CURRENT_LIST_DIR}/uninstall.cmake.in uninstall.cmake @ONLY)
add_custom_target(uninstall COMMAND ${CMAKE_COMMAND} -P ${PROJECT_BINARY_DIR}/uninstall.cmake)

set(CPACK_GENERATOR DEB)
set(CPACK_COMPONENTS_ALL ${ORGTRUST_PACKAGES})
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)
set(CPACK_PACKAGE_VENDOR "orgtrust")
set(CPACK_PACKAGE_CONTACT
  "orgtrust maintainers <maintainers@users.noreply.r-seed-dd7f59a4.example>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "") # each has its own
set(CPACK_SET_DESTDIR ON) # the plugins' directories are absolute
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE
  GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
# Run by cpack: before anything, and between the installation and the packing.
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_CURRENT_LIST_DIR}/check.cmake)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/stage.cmake)
set(CPACK_ORGTRUST_SOURCE_DIR ${PROJECT_SOURCE_DIR})

set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(ORGTRUST_SAME_VERSION "${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}")

# package(NAME SECTION SUMMARY DESCRIPTION SCRIPT…)
function(package name section summary description)
  string(TOUPPER ${name} upper)
  set(prefix CPACK_DEBIAN_${upper})
  set(${prefix}_PACKAGE_NAME ${name} PARENT_SCOPE)
  set(${prefix}_PACKAGE_SECTION ${section} PARENT_SCOPE)
  set(${prefix}_DESCRIPTION "${summary}\n${description}" PARENT_SCOPE)
  list(TRANSFORM ARGN PREPEND ${PROJECT_SOURCE_DIR}/conf/packages/${name}/)
  set(${prefix}_PACKAGE_CONTROL_EXTRA "${ARGN}" PARENT_SCOPE)
endfunction()

package(orgtrust admin "organization's certificates as the trust of a machine"
  "An organization keeps its certificates behind an API. orgtrust brings those
that are active there to this machine, into one file that TLS programs search
through a plugin: OpenSSL's by the package openssl-provider-orgtrust, those of
GnuTLS, NSS and Java by orgtrust-pkcs11.
.
This package has the command, which syncs, shows and administers the
certificates and wires the machine's TLS stacks, and the services that keep
them fresh."
  postinst prerm postrm conffiles)
set(CPACK_DEBIAN_ORGTRUST_PACKAGE_RECOMMENDS
  "ca-certificates, openssl-provider-orgtrust (= ${ORGTRUST_SAME_VERSION}), orgtrust-pkcs11 (= ${ORGTRUST_SAME_VERSION})")
# Loaded, not linked, so that dpkg-shlibdeps does not see it.
set(libcurl libcurl4)
execute_process(COMMAND dpkg-query --search */${ORGTRUST_LIBCURL}
  OUTPUT_VARIABLE found ERROR_QUIET RESULT_VARIABLE status)
if(status EQUAL 0 AND found MATCHES "^([^:]+):")
  set(libcurl ${CMAKE_MATCH_1}) # libcurl4t64 since Debian 13
endif()
set(CPACK_DEBIAN_ORGTRUST_PACKAGE_DEPENDS "${libcurl} (>= 7.88)")
set(CPACK_DEBIAN_ORGTRUST_PACKAGE_SUGGESTS "bash-completion, libnss3-tools, nginx, orgtrust-server, p11-kit")

# The plugins read what any orgtrust beside them, or outside the container, has written.
package(openssl-provider-orgtrust libs "OpenSSL provider for an organization's certificates"
  "OpenSSL programs trust what is active in an organization, by the name
orgtrust:/// where they take the URI of a store.
.
This package has the provider and the configuration that loads it. orgtrust
brings the certificates to the machine."
  postinst prerm postrm conffiles)
set(CPACK_DEBIAN_OPENSSL-PROVIDER-ORGTRUST_PACKAGE_RECOMMENDS
  "orgtrust (= ${ORGTRUST_SAME_VERSION})")
set(CPACK_DEBIAN_OPENSSL-PROVIDER-ORGTRUST_PACKAGE_ENHANCES "openssl")
set(CPACK_DEBIAN_OPENSSL-PROVIDER-ORGTRUST_PACKAGE_MULTIARCH same)
# It links nothing of OpenSSL, but without a library that loads providers it is for nobody.
set(CPACK_DEBIAN_OPENSSL-PROVIDER-ORGTRUST_PACKAGE_DEPENDS "libssl3 (>= 3.0.0)")

package(orgtrust-pkcs11 libs "PKCS#11 modules for an organization's certificates"
  "GnuTLS, p11-kit, NSS, Chromium, Firefox and Java trust what is active in an
organization through this module, which shows it as tokens.
.
This package has the module, the file by which p11-kit knows it, a second
module for p11tool and pkcs11-tool to administer with, and a configuration for
Java. orgtrust brings the certificates to the machine."
  postinst prerm postrm conffiles)
set(CPACK_DEBIAN_ORGTRUST-PKCS11_PACKAGE_RECOMMENDS
  "orgtrust (= ${ORGTRUST_SAME_VERSION}), p11-kit")
set(CPACK_DEBIAN_ORGTRUST-PKCS11_PACKAGE_SUGGESTS "libnss3-tools")

package(orgtrust-server net "certificates API for an organization that hosts it itself"
  "The server holds an organization's certificates in a file, or in a PostgreSQL
database that several servers share, behind the API that orgtrust reads and
administers them by.
.
As installed it listens on the loopback interface only, and knows no key."
  postinst prerm postrm conffiles)
set(CPACK_DEBIAN_ORGTRUST-SERVER_PACKAGE_SUGGESTS "bash-completion, orgtrust, postgresql, sqlite3")

include(CPack)
