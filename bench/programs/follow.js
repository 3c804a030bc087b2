'use strict';

// One call after the other; says the body of every answer that differs from the one before, and when its call began
// (milliseconds since 1970). Argument: url.
const http = require('node:http');

const agent = new http.Agent({ keepAlive: true });
let before;

function next() {
  const sentAt = performance.timeOrigin + performance.now();
  http
    .get(process.argv[2], { agent }, (response) => {
      let body = '';
      response.on('data', (part) => {
        body += part;
      });
      response.on('end', () => {
        if (body !== before) process.send({ body, sentAt });
        before = body;
        setImmediate(next);
      });
    })
    .on('error', (error) => {
      throw error;
    });
}

next();
