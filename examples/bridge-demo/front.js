'use strict';

// An application of the mesh: plain Express and plain `http`. It calls the legacy service by its host in the mesh.
const http = require('node:http');
const express = require('express');

const app = express();

app.get('/go', (req, res, next) => {
  const headers = req.headers['x-user'] ? { 'x-user': req.headers['x-user'] } : {};
  http
    .get(`http://${process.env.ORDERS_HOST}/?ms=${Number(req.query.ms) || 0}`, { headers }, (answer) => {
      let body = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk) => {
        body += chunk;
      });
      answer.on('end', () => res.status(answer.statusCode).send(`[front] -> ${body}\n`));
    })
    .on('error', next);
});

const server = app.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ listening: server.address().port }));
});
