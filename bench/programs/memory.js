'use strict';

// Makes calls to the given hosts, then reports the memory of the whole process. Arguments: calls to make, URLs.
const http = require('node:http');
const { monitorEventLoopDelay } = require('node:perf_hooks');

const urls = process.argv.slice(2);

function get(url) {
  return new Promise((resolve, reject) => {
    http
      .get(url, (res) => {
        res.resume();
        res.on('end', () => resolve(res.statusCode));
      })
      .on('error', reject);
  });
}

async function main() {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const statuses = [];
  for (const url of urls) statuses.push(await get(url).catch((error) => error.code));
  for (let i = 0; i < 200; i++) for (const url of urls.slice(0, 10)) await get(url).catch(() => 0);
  // Resident memory settles after the collectors of both threads ran.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  global.gc?.();
  await new Promise((resolve) => setTimeout(resolve, 200));
  console.log(JSON.stringify({ rss: process.memoryUsage().rss, statuses, delayMax: delay.max / 1e6 }));
  process.exit(0);
}

main();
