'use strict';

// Calls the given hosts again and again, slowly. Told "watch" it measures how long the main thread is busy at a
// stretch, told "report" it says the longest. Arguments: URLs.
const http = require('node:http');

const agent = new http.Agent({ keepAlive: true });
let failed = 0;

function get(url) {
  return new Promise((resolve) => {
    http
      .get(url, { agent }, (response) => {
        if (response.statusCode !== 200) failed++;
        response.resume();
        response.on('end', resolve);
      })
      .on('error', () => {
        failed++;
        resolve();
      });
  });
}

/** CPU time of this thread, so that a busy machine does not count. */
function threadMs() {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

let longest = 0;
function watch(last) {
  const now = threadMs();
  longest = Math.max(longest, now - last);
  setTimeout(watch, 1, now);
}

process.on('message', (message) => {
  if (message === 'watch') watch(threadMs());
  else process.send({ longest, failed });
});

async function main() {
  for (let round = 0; ; round++) {
    for (const url of process.argv.slice(2)) {
      await get(url);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    if (round === 0) process.send('ready');
  }
}

main();
