// Answers every request with two bytes; prints its port.
'use strict';
const http = require('node:http');
const server = http.createServer((request, response) => {
  request.resume();
  response.setHeader('content-length', 2);
  response.end('ok');
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.stdout.write(String(server.address().port)));
