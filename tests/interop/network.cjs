// SPDX-License-Identifier: ISC
// A whole AT Protocol network on loopback: a directory of DIDs, a server of accounts and an AppView that reads it.
// Prints {"pds","appview"}, their addresses, as one line when all is up; ends when its standard input does.
'use strict';
const net = require('node:net');
const { createRequire } = require('node:module');

// Its servers would listen on every address of the machine.
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (where, ...rest) {
  if (typeof where === 'number') return listen.call(this, { port: where, host: '127.0.0.1' }, ...rest.filter((r) => typeof r === 'function'));
  return listen.call(this, typeof where === 'object' && 'port' in where ? { ...where, host: '127.0.0.1' } : where, ...rest);
};

async function main() {
  const { TestNetwork } = createRequire(`${process.cwd()}/`)('@atproto/dev-env');
  const network = await TestNetwork.create({ dbPostgresSchema: 'monitord' });
  const local = (server) => `http://127.0.0.1:${server.port}`;

  console.log(JSON.stringify({ pds: local(network.pds), appview: local(network.bsky) }));
  process.stdin.resume().on('end', () => process.exit(0));
}

main().catch((e) => {
  console.error(e);
  process.exit(1);
});
