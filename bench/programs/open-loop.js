'use strict';

// An open loop: requests start by the clock, whether or not earlier ones have been answered, so that a stall shows in
// the percentiles instead of slowing the load. Arguments: url, Host header or -, requests per second, seconds.
const http = require('node:http');

const [url, host, rate, seconds] = process.argv.slice(2);
const target = new URL(url);
const options = {
  hostname: target.hostname,
  port: target.port || undefined,
  path: target.pathname,
  agent: new http.Agent({ keepAlive: true, maxSockets: 64 }),
  ...(host === '-' ? {} : { headers: { host } }),
};
const interval = 1000 / Number(rate);
const warmUp = Number(rate);
const total = Number(rate) * Number(seconds) + warmUp;
const times = [];
let failed = 0;
let sent = 0;
let done = 0;
const began = performance.now();

function send(dueAt, measured) {
  const finish = (ok) => {
    if (!ok) failed++;
    else if (measured) times.push(performance.now() - dueAt);
    if (++done === total) report();
  };
  http
    .get(options, (res) => {
      res.resume();
      res.on('end', () => finish(res.statusCode === 200));
    })
    .on('error', () => finish(false));
}

function tick() {
  const now = performance.now();
  while (sent < total && began + sent * interval <= now) {
    // Counted from the real start of the request: a late timer of this loop is not the mesh's doing.
    send(performance.now(), sent >= warmUp);
    sent++;
  }
  if (sent < total) setTimeout(tick, Math.max(0, began + sent * interval - performance.now()));
}

function report() {
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
  console.log(JSON.stringify({ p50: at(0.5), p99: at(0.99), count: times.length, failed }));
  options.agent.destroy();
}

tick();
