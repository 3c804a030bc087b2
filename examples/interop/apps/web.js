'use strict';

// What all applications here have in common: plain Express, plain `http`. Nothing in it knows of meshes.
const http = require('node:http');
const express = require('express');

const PATIENCE_MS = 10_000;

/**
 * An Express application with `/hello`, and `/call?url=` that calls somebody (`&json=` is sent as a POST).
 * `list(service)`, of those with a registry, gives `[{ip, port}]`: `/listed?service=` calls the first of them.
 * `via`, `host:port`, stands for the redirection to a sidecar that a pod has.
 */
function web(name, { list, via } = {}) {
  const app = express();
  app.get('/hello', (_req, res) => res.send(`[${name}]`));
  app.get('/call', async (req, res) => {
    await answer(name, res, () => call(String(req.query.url), req.query.json, via));
  });
  if (list) {
    app.get('/listed', async (req, res) => {
      await answer(name, res, async () => {
        const [first] = await list(String(req.query.service));
        if (!first) throw new Error(`the registry's client lists no ${req.query.service}`);
        return call(`http://${first.ip}:${first.port}/hello`);
      });
    });
  }
  return app;
}

/** Listens on a free port of the loopback, does what is to be done there, and says so. */
function serve(app, whenListening = async () => undefined) {
  const server = app.listen(0, '127.0.0.1', async () => {
    const { port } = server.address();
    await whenListening(port);
    console.log(JSON.stringify({ listening: port }));
  });
}

async function answer(name, res, ask) {
  try {
    const { status, body } = await ask();
    res.status(status).send(`[${name}] -> ${body}`);
  } catch (error) {
    res.status(502).send(`[${name}] -> ${error.message}`);
  }
}

function call(url, json, via) {
  return new Promise((resolve, reject) => {
    const { host, pathname } = new URL(url);
    const to = via ? { host: via.split(':')[0], port: via.split(':')[1], path: pathname } : url;
    const headers = { ...(via ? { host } : {}), ...(json ? { 'content-type': 'application/json' } : {}) };
    const options = { method: json ? 'POST' : 'GET', headers, timeout: PATIENCE_MS };
    const taken = (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode, body }));
      response.on('error', reject);
    };
    const request = via ? http.request({ ...to, ...options }, taken) : http.request(url, options, taken);
    request.on('timeout', () => request.destroy(new Error(`no answer within ${PATIENCE_MS} ms`)));
    request.on('error', reject);
    request.end(json);
  });
}

module.exports = { web, serve };
