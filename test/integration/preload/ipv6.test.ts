/** Endpoints and virtual addresses of IPv6. */

import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type DevControlPlane, startDevControlPlane } from '../../../src/dev';
import { ensureBuilt, ROOT } from '../../support/app';
import { APPS, run } from '../../support/front-door';
import { peer } from '../../support/peer';

describe('preload: IPv6', function () {
  this.timeout(30_000);
  let server: Server;
  let plane: DevControlPlane | undefined;

  before(async function () {
    await ensureBuilt();
    server = createServer((request, response) => response.end(`six ${request.headers.host}`));
    const failure = await new Promise<Error | undefined>((resolve) => {
      server.once('error', resolve).listen(0, '::1', () => resolve(undefined));
    });
    peer(this, failure === undefined ? server : { skipped: `no IPv6 loopback: ${failure.message}` });
    const { port } = server.address() as AddressInfo;
    plane = await startDevControlPlane({
      objects: [
        {
          apiVersion: 'networking.istio.io/v1',
          kind: 'ServiceEntry',
          metadata: { name: 'six', namespace: 'default' },
          spec: {
            hosts: ['six.default.svc.cluster.local'],
            addresses: ['2001:2::6'],
            location: 'MESH_INTERNAL',
            resolution: 'STATIC',
            ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
            endpoints: [{ address: '::1', ports: { http: port } }],
          },
        },
      ],
    });
  });
  after(async () => {
    await plane?.stop();
    server.close();
  });

  for (const host of ['six', 'six.default.svc.cluster.local.', '[2001:2::6]', '[2001:0002:0:0::6]']) {
    it(`the first call to http://${host}/ reaches the endpoint on ::1`, async () => {
      const { code, stdout, stderr } = await run(
        process.execPath,
        [join(APPS, 'preload-call.cjs'), `http://${host}/`],
        { preload: join(ROOT, 'preload.js'), env: { INMESH_XDS: `grpc://${plane!.address}` } },
      );
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^200 six /);
    });
  }
});
