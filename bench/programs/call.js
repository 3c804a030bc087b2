'use strict';

// Keep-alive GETs, eight at a time. For every message a block of them; answers with the CPU time of one in
// microseconds, all threads and the kernel's part. Arguments: url, requests in a block.
const http = require('node:http');

const [url, size] = process.argv.slice(2);
const { hostname, port, pathname } = new URL(url);
const options = {
  hostname,
  port: port || undefined,
  path: `${pathname}?x=1`,
  agent: new http.Agent({ keepAlive: true }),
  headers: { accept: '*/*', 'x-one': '1' },
};
const IN_FLIGHT = 8;

function one() {
  return new Promise((resolve, reject) => {
    const request = http.request(options, (response) => {
      if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`));
      response.resume();
      response.on('end', resolve);
    });
    request.on('error', reject);
    request.end();
  });
}

async function block() {
  let started = 0;
  const chain = async () => {
    while (started++ < size) await one();
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, chain));
}

process.on('message', async () => {
  const before = process.cpuUsage();
  await block();
  const { user, system } = process.cpuUsage(before);
  process.send({ microseconds: (user + system) / size });
});
