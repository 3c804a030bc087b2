// Keep-alive GETs, eight at a time; prints CPU per request. Then the wrapper alone, over a call that is not ours.
'use strict';
const http = require('node:http');
const [hostname, port] = process.env.TARGET.split(':');
const agent = new http.Agent({ keepAlive: true });
const options = {
  hostname,
  port: Number(port),
  path: '/some/path?x=1',
  agent,
  headers: { accept: '*/*', 'x-one': '1' },
};

function one(done) {
  const request = http.request(options, (response) => {
    response.resume();
    response.on('end', done);
  });
  request.on('error', (error) => {
    throw error;
  });
  request.end();
}

function run(total) {
  return new Promise((resolve) => {
    let started = 0;
    let ended = 0;
    const next = () => {
      if (started < total) {
        started++;
        one(() => {
          ended++;
          if (ended === total) resolve();
          else next();
        });
      }
    };
    for (let i = 0; i < 8; i++) next();
  });
}

/** Nanoseconds of our wrapper over an original that does nothing (bench/http-call-noop.js is loaded first). */
function measureWrapper() {
  const notOurs = { hostname: 'example.org', port: 8080, path: '/', headers: {} };
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 10; round++) {
    const since = process.hrtime.bigint();
    for (let i = 0; i < 100_000; i++) http.request(notOurs);
    best = Math.min(best, Number(process.hrtime.bigint() - since) / 100_000);
  }
  return best;
}

async function main() {
  if (process.env.WRAPPER) {
    // Asked once before, so that the answer is known.
    http.request({ hostname: 'example.org', port: 8080 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    process.stdout.write(JSON.stringify({ nsPerWrapper: measureWrapper() }));
    return;
  }
  await run(6_000);
  let best = Number.POSITIVE_INFINITY;
  // Short blocks, so that some of them meet a quiet machine.
  for (let block = 0; block < 12; block++) {
    const before = process.cpuUsage();
    await run(1_500);
    const used = process.cpuUsage(before);
    best = Math.min(best, (used.user + used.system) / 1_500);
  }
  agent.destroy();
  process.stdout.write(JSON.stringify({ usPerRequest: best }));
}

main();
