'use strict';

// Answers at once, with the argument as body; prints its port.
const http = require('node:http');

const server = http.createServer((req, res) => {
  req.resume();
  res.end(process.argv[2]);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
