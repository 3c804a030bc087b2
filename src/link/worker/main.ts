/** Entry of the link's worker thread. Ends with the process: nothing is flushed, nothing keeps it alive. */

import { parentPort, workerData } from 'node:worker_threads';
import type { MainMessage, WorkerMessage, WorkerStart } from '../protocol';
import { collectGarbage } from './garbage';
import { Link } from './link';

if (parentPort === null) throw new Error('the link runs in a worker thread');
// Deprecations inside grpc-js are not the application's to read (DEP0123 with an IP address in INMESH_XDS).
process.noDeprecation = true;
const port = parentPort;
const link = new Link({
  start: workerData as WorkerStart,
  post: (message: WorkerMessage) => port.postMessage(message),
  collectGarbage,
});
port.on('message', (message: MainMessage) => link.receive(message));
link.start();
