'use strict';

// Answers at once; prints its port.
const http = require('node:http');

const server = http.createServer((req, res) => {
  req.resume();
  res.end('ok');
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
