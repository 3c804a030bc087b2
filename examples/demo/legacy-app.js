'use strict';

// A legacy service: plain Express, plain `http` and the npm client of Nacos. It knows nothing of meshes or inmesh.
const http = require('node:http');
const express = require('express');
const { NacosNamingClient } = require('nacos');

const ADDRESS = '127.0.0.1';
const quiet = () => undefined;
const logger = { debug: quiet, info: quiet, warn: quiet, error: console.error };
const nacos = new NacosNamingClient({ logger, serverList: process.env.NACOS, namespace: 'public' });

const app = express();

app.get('/hello', (_req, res) => {
  res.send(`[legacy express ${ADDRESS}]`);
});

/** Calls a service by its name. */
app.get('/go', (req, res, next) => {
  call({ host: 'go-sc-b', path: `/hello?ms=${Number(req.query.ms) || 0}` }, req, res, next);
});

/** Asks the registry for instances of the service and calls one of them by its address. */
app.get('/go-by-registry', async (req, res, next) => {
  try {
    const instances = await nacos.selectInstances('go-sc-b', 'DEFAULT_GROUP', '', true);
    if (instances.length === 0) return res.status(503).send('the registry knows no go-sc-b\n');
    const { ip, port } = instances[Math.floor(Math.random() * instances.length)];
    call({ host: ip, port, path: '/hello' }, req, res, next);
  } catch (error) {
    next(error);
  }
});

function call(options, req, res, next) {
  const headers = req.headers['x-user'] ? { 'x-user': req.headers['x-user'] } : {};
  http
    .get({ ...options, headers }, (answer) => {
      let body = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk) => {
        body += chunk;
      });
      answer.on('end', () => res.status(answer.statusCode).send(`[legacy express] -> ${body}\n`));
    })
    .on('error', next);
}

const server = app.listen(Number(process.env.PORT) || 0, ADDRESS, async () => {
  const { port } = server.address();
  await nacos.ready();
  await nacos.registerInstance('legacy-express', { ip: ADDRESS, port });
  console.log(JSON.stringify({ listening: port }));
});
