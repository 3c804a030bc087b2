'use strict';

// Nanoseconds of `http.request` for a call that is not ours. Arguments: milliseconds for the link to come up, URLs.
const http = require('node:http');

const [settle, ...urls] = process.argv.slice(2);
const ROUNDS = 10;
const CALLS = 100_000;

function nanoseconds(options) {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const from = performance.now();
    for (let i = 0; i < CALLS; i++) http.request(options);
    least = Math.min(least, ((performance.now() - from) * 1e6) / CALLS);
  }
  return least;
}

const all = urls.map((url) => {
  const { hostname, port } = new URL(url);
  return { hostname, port: Number(port) || 80, path: '/', headers: {} };
});
// Asked once before, so that the answers are known.
for (const options of all) http.request(options);
setTimeout(() => {
  console.log(JSON.stringify({ nanoseconds: all.map(nanoseconds) }));
  process.exit(0);
}, Number(settle));
