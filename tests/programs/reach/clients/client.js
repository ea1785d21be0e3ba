// Connects as often as it is told, with a context that it keeps or with a new one.
'use strict';
const net = require('net');
const readline = require('readline');
const tls = require('tls');

// What OpenSSL calls a chain without a root that it trusts.
const refusals = ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'];
const kept = tls.createSecureContext();

function visit(secureContext, host, port) {
  return new Promise((resolve) => {
    // An address is no name of a server.
    const servername = net.isIP(host) ? '' : host;
    const options = {host, servername, port, secureContext};
    const socket = tls.connect(options, () => {
      socket.destroy();
      resolve('trusted');
    });
    socket.setTimeout(30000, () => socket.destroy(new Error('no answer')));
    socket.on('error', (error) => {
      const isRefusal = refusals.includes(error.code) ||
          /subtree violation/.test(error.message); // has no code of its own
      resolve(`${isRefusal ? 'refused' : 'error'}: ${error.message}`);
    });
  });
}

(async () => {
  for await (const line of readline.createInterface({input: process.stdin})) {
    const [how, host, port] = line.split(' ');
    const context = how === 'kept' ? kept : tls.createSecureContext();
    console.log(await visit(context, host, Number(port)));
  }
})();
