'use strict';

// A new service, at home in the mesh: plain Express and plain `http`. The legacy one it calls by the name that the
// bridge gave it.
const http = require('node:http');
const express = require('express');

const app = express();

app.get('/legacy', (_req, res, next) => {
  http
    .get('http://legacy-express.default-group.public.nacos/hello', (answer) => {
      let body = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk) => {
        body += chunk;
      });
      answer.on('end', () => res.status(answer.statusCode).send(`[mesh app] -> ${body}\n`));
    })
    .on('error', next);
});

const server = app.listen(Number(process.env.PORT) || 0, '127.0.0.1', () => {
  console.log(JSON.stringify({ listening: server.address().port }));
});
