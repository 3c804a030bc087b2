/** The secure port of a real istiod: root, server name and token are all checked, and a refusal is said clearly. */
import { strict as assert } from 'node:assert';
import { join } from 'node:path';
import { ISTIOD_SERVER_NAME, type Istiod, istiodBinary, startIstiod } from '../../lab';
import { Backend } from '../support/backend';
import { Caller } from '../support/caller';
import { eventually } from '../support/load';
import { serviceEntry } from '../support/mesh-yaml';
import { peer } from '../support/peer';

describe('grpcs:// to a real istiod', function () {
  this.timeout(60_000);
  let istiod: Istiod;
  let other: Istiod;
  let backend: Backend;
  const callers: Caller[] = [];

  before(async function () {
    peer(this, await istiodBinary());
    backend = await Backend.start((_request, response) => response.end('mesh'));
    const service = serviceEntry({
      name: 'go-sc-a',
      endpoints: [{ address: '127.0.0.1', port: backend.port }],
    });
    istiod = peer(this, await startIstiod({ files: { 'a.yaml': service } }));
    other = peer(this, await startIstiod());
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed')
      for (const caller of callers) console.log(caller.log().slice(-3000));
    for (const caller of callers.splice(0)) await caller.stop();
  });

  after(async () => {
    await istiod?.stop();
    await other?.stop();
    await backend?.stop();
  });

  async function startCaller(env: Readonly<Record<string, string>>): Promise<Caller> {
    const caller = await Caller.start({
      env: {
        INMESH_XDS: `grpcs://${istiod.secureAddress}`,
        INMESH_XDS_CA: istiod.caFile,
        INMESH_XDS_SERVER_NAME: ISTIOD_SERVER_NAME,
        INMESH_TOKEN: await istiod.tokenFile('default', 'web'),
        SERVICE_ACCOUNT: 'web',
        ...env,
      },
    });
    callers.push(caller);
    return caller;
  }

  it('with root, name and token: calls are routed', async () => {
    const caller = await startCaller({});
    assert.equal((await caller.call('http://go-sc-a/')).body, 'mesh');
  });

  /** The application runs without the mesh, and one line says what was refused. */
  async function refused(env: Readonly<Record<string, string>>, says: RegExp): Promise<void> {
    const caller = await startCaller(env);
    const { body } = await caller.call(`http://go-sc-a:${backend.port}/`);
    assert.equal(body, 'mesh', 'the application runs as it would without us');
    const find = () => linesOf(caller.log()).find(({ msg }) => says.test(msg));
    const { value } = await eventually(`a line that says ${says}`, find, 5000);
    console.log(`    ${value.msg}`);
    assert.ok(value.level >= 40, 'a refusal is at least a warning');
  }

  it('another root is refused', () => refused({ INMESH_XDS_CA: other.caFile }, /certificate|root/i));

  it('another server name is refused', () => refused({ INMESH_XDS_SERVER_NAME: 'other.example' }, /name/i));

  it('a missing root file is refused', () =>
    refused({ INMESH_XDS_CA: join(__dirname, 'no-such-root.pem') }, /no-such-root\.pem/));

  it('a missing token is refused', () =>
    refused({ INMESH_TOKEN: join(__dirname, 'no-such-token') }, /token|authenticat/i));

  it('a token of another issuer is refused', async () =>
    refused({ INMESH_TOKEN: await other.tokenFile('default', 'web') }, /token|authenticat/i));
});

function linesOf(log: string): { level: number; msg: string }[] {
  return log
    .split('\n')
    .filter((line) => line.startsWith('{"level"'))
    .map((line) => JSON.parse(line));
}
