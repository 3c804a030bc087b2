'use strict';

// A legacy service: plain `http`, and the npm package `nacos` to register itself. It knows nothing of meshes.
// Lines on its standard input are what an operator tells it: {"weight": 9}, {"deregister": true}.
const http = require('node:http');
const readline = require('node:readline');
const { NacosNamingClient } = require('nacos');

const { NACOS, SERVICE, VERSION } = process.env;
const quiet = () => undefined;
const logger = { info: quiet, debug: quiet, log: quiet, warn: console.error, error: console.error };

const server = http.createServer((req, res) => {
  const wait = Number(new URL(req.url, 'http://orders').searchParams.get('ms')) || 0;
  setTimeout(() => res.end(`[legacy orders ${VERSION} :${server.address().port}]`), wait);
});

server.listen(0, '127.0.0.1', async () => {
  const { port } = server.address();
  const client = new NacosNamingClient({ logger, serverList: NACOS, namespace: 'public' });
  await client.ready();
  const instance = { ip: '127.0.0.1', port, metadata: { version: VERSION } };
  await client.registerInstance(SERVICE, instance);
  console.log(JSON.stringify({ listening: port }));
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { weight, deregister } = JSON.parse(line);
    if (weight) await client.registerInstance(SERVICE, { ...instance, weight });
    if (deregister) await client.deregisterInstance(SERVICE, instance);
  }
});
