'use strict';

// An open loop: requests start by the clock, whether or not earlier ones have been answered, so that a stall shows in
// the percentiles instead of slowing the load. For every 'slice' one slice of it; answers with the milliseconds of
// each request. A number has it make so many requests as fast as it can, eight at a time: what V8 compiles, it compiles
// then. Arguments: url, Host header or -, requests per second, requests in a slice.
const http = require('node:http');

const [url, host, rate, size] = process.argv.slice(2);
const target = new URL(url);
const options = {
  hostname: target.hostname,
  port: target.port || undefined,
  path: target.pathname,
  agent: new http.Agent({ keepAlive: true, maxSockets: 64 }),
  ...(host === '-' ? {} : { headers: { host } }),
};
const interval = 1000 / Number(rate);
const total = Number(size);

function send(finish) {
  // Counted from the real start of the request: a late timer of this loop is not the mesh's doing.
  const from = performance.now();
  http
    .get(options, (res) => {
      res.resume();
      res.on('end', () => finish(res.statusCode === 200, performance.now() - from));
    })
    .on('error', () => finish(false));
}

process.on('message', (message) => {
  if (message === 'slice') slice();
  else warmUp(message);
});

function warmUp(requests) {
  let failed = 0;
  let sent = 0;
  let done = 0;
  const next = (ok) => {
    if (!ok) failed++;
    if (++done === requests) process.send({ times: [], failed });
    else if (sent < requests) start();
  };
  const start = () => {
    sent++;
    send(next);
  };
  for (let i = 0; i < 8; i++) start();
}

function slice() {
  const began = performance.now();
  const times = [];
  let failed = 0;
  let sent = 0;
  let done = 0;
  const finish = (ok, ms) => {
    if (ok) times.push(ms);
    else failed++;
    if (++done === total) process.send({ times, failed });
  };
  const tick = () => {
    const now = performance.now();
    for (; sent < total && began + sent * interval <= now; sent++) send(finish);
    if (sent < total) setTimeout(tick, Math.max(0, began + sent * interval - performance.now()));
  };
  tick();
}
