# Connects as often as it is told, with a context that it keeps or with a new one.
require 'openssl'
require 'socket'

def new_context
  OpenSSL::SSL::SSLContext.new.tap(&:set_params) # what Net::HTTP does
end

def visit(context, host, port)
  tcp = TCPSocket.new(host, port)
  tls = OpenSSL::SSL::SSLSocket.new(tcp, context)
  tls.hostname = host
  tls.connect
  tls.post_connection_check(host)
  'trusted'
rescue OpenSSL::SSL::SSLError => e
  "#{e.message.include?('certificate verify failed') ? 'refused' : 'error'}: #{e.message}"
ensure
  tls&.close
  tcp&.close
end

kept = new_context
$stdout.sync = true
$stdin.each_line do |line|
  how, host, port = line.split
  puts visit(how == 'kept' ? kept : new_context, host, port.to_i)
end
