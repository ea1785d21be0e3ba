"""Connects as often as it is told, with a context that it keeps or with a new one."""

import socket
import ssl
import sys

kept = ssl.create_default_context()
for line in sys.stdin:
    how, host, port = line.split()
    try:
        context = kept if how == "kept" else ssl.create_default_context()
        with (socket.create_connection((host, int(port)), 30) as inside,
              context.wrap_socket(inside, server_hostname=host)):
            print("trusted", flush=True)
    except ssl.SSLCertVerificationError as error:
        print("refused:", error.verify_message, flush=True)
    except OSError as error:
        print("error:", error, flush=True)
