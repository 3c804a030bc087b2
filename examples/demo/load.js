'use strict';

// Load on one URL: a fixed number of requests at a time, every answer counted.
const http = require('node:http');

/** One request; resolves with {status, body, sentAt, ms}, rejects on a broken connection. */
function get(port, path, { headers = {}, agent } = {}) {
  return new Promise((resolve, reject) => {
    const sentAt = performance.now();
    http
      .get({ host: '127.0.0.1', port, path, headers, agent }, (res) => {
        let body = '';
        res.setEncoding('utf8');
        res.on('data', (chunk) => {
          body += chunk;
        });
        res.on('end', () =>
          resolve({ status: res.statusCode, body: body.trim(), sentAt, ms: performance.now() - sentAt }),
        );
        res.on('error', reject);
      })
      .on('error', reject);
  });
}

/** Starts `concurrency` loops of requests; `stop()` resolves with all results once the last one is in. */
function startLoad(port, path, { concurrency = 16, headers, onResult } = {}) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: concurrency });
  const results = [];
  let running = true;
  let inFlight = 0;

  async function loop() {
    while (running) {
      inFlight++;
      const result = await get(port, path, { headers, agent }).catch((error) => ({
        status: 0,
        body: String(error.message),
        sentAt: performance.now(),
        ms: 0,
      }));
      inFlight--;
      results.push(result);
      onResult?.(result);
    }
  }

  const loops = Array.from({ length: concurrency }, loop);
  return {
    results,
    inFlight: () => inFlight,
    async stop() {
      running = false;
      await Promise.all(loops);
      agent.destroy();
      return results;
    },
  };
}

module.exports = { get, startLoad };
