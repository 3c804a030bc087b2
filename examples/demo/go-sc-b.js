'use strict';

// One instance of the mesh service `go-sc-b`: says which version and address answered.
const http = require('node:http');

const version = process.env.VERSION || 'v1';
const address = process.env.ADDRESS || '127.0.0.1';

const server = http.createServer((req, res) => {
  const wait = Number(new URL(req.url, 'http://go-sc-b').searchParams.get('ms')) || 0;
  setTimeout(() => res.end(`[mesh app ${version} ${address}]`), wait);
});

server.listen(Number(process.env.PORT) || 0, address, () => {
  console.log(JSON.stringify({ listening: server.address().port }));
});
