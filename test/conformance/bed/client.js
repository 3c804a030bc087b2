'use strict';

/**
 * The application of a conformance case: plain `http.request`, told over IPC what to send, telling what came back.
 * It is the same program on both sides: `via` names Envoy's port, or nothing under the preload.
 */

const http = require('node:http');

process.on('message', async ({ id, requests, together }) => {
  const outcomes = [];
  if (together) outcomes.push(...(await Promise.all(requests.map(send))));
  else for (const request of requests) outcomes.push(await send(request));
  process.send({ id, outcomes });
});

async function send(request) {
  if (request.pauseMs) await new Promise((resolve) => setTimeout(resolve, request.pauseMs));
  return exchange(request);
}

function exchange({ method, host, port, path, headers, body, pieces, via }) {
  return new Promise((resolve) => {
    const began = performance.now();
    const outcome = { status: 0, reason: '', headers: [], body: '', trailers: [], error: '', ms: 0 };
    const done = (error) => {
      outcome.ms = performance.now() - began;
      if (error) outcome.error = error.code ?? error.message;
      // An answer can be there before the request is known to be written: until then its connection is in use.
      if (error || !request.writableEnded || request.writableFinished) resolve(outcome);
      else for (const event of ['finish', 'close']) request.once(event, () => setImmediate(resolve, outcome));
    };
    const named = port === 80 ? host : `${host}:${port}`;
    const target = via ? { host: '127.0.0.1', port: via } : { host, port };
    const own = headers.host === undefined && via ? { host: named } : {};
    const request = http.request({ ...target, method, path, headers: { ...own, ...headers } });
    request.on('error', done);
    request.on('response', (response) => {
      outcome.status = response.statusCode;
      outcome.reason = response.statusMessage;
      outcome.headers = response.rawHeaders;
      response.setEncoding('latin1');
      response.on('data', (part) => {
        outcome.body += part;
      });
      response.on('error', done);
      response.on('end', () => {
        outcome.trailers = response.rawTrailers;
        done();
      });
    });
    if (pieces !== undefined) void write(request, pieces);
    else if (typeof body === 'number') request.end(Buffer.alloc(body, 'x'));
    else request.end(body);
  });
}

async function write(request, { every, texts }) {
  for (const text of texts.slice(0, -1)) {
    request.write(text);
    await new Promise((resolve) => setTimeout(resolve, every));
  }
  request.end(texts.at(-1));
}

process.on('disconnect', () => process.exit(0));
process.send({ ready: true });
