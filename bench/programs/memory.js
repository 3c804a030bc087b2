'use strict';

// Makes calls to the given hosts, then reports the memory of the whole process. Arguments: URLs.
const http = require('node:http');

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
  const statuses = [];
  for (const url of urls) statuses.push(await get(url).catch((error) => error.code));
  for (let i = 0; i < 200; i++) for (const url of urls.slice(0, 10)) await get(url).catch(() => 0);
  // Resident memory settles after the collectors of both threads ran; what is dirtied for a moment is not kept.
  let rss = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    rss = Math.min(rss, process.memoryUsage.rss());
  }
  console.log(JSON.stringify({ rss, statuses }));
  process.exit(0);
}

main();
