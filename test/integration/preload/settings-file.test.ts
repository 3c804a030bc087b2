/** INMESH_FILE changes toggles at run time, through the links a ConfigMap is mounted with. */

import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, Script } from '../../support/app';
import { APPS, OrdersMesh } from '../../support/front-door';

/** A mounted ConfigMap: `settings.json` -> `..data/settings.json`, `..data` -> a folder that is replaced. */
class ConfigMap {
  private version = 0;
  readonly folder = mkdtempSync(join(tmpdir(), 'inmesh-config-map-'));
  readonly file = join(this.folder, 'settings.json');

  constructor(text: string) {
    this.write(text);
    symlinkSync('..data/settings.json', this.file);
  }

  write(text: string): void {
    const name = `..version-${++this.version}`;
    mkdirSync(join(this.folder, name));
    writeFileSync(join(this.folder, name, 'settings.json'), text);
    symlinkSync(name, join(this.folder, '..next'));
    renameSync(join(this.folder, '..next'), join(this.folder, '..data'));
  }
}

describe('preload: the settings file', function () {
  this.timeout(60_000);
  let mesh: OrdersMesh;
  let map: ConfigMap;
  let app: Script;

  before(async () => {
    await ensureBuilt();
    mesh = await OrdersMesh.start();
    map = new ConfigMap('{"INMESH": "off"}');
    const env = { ...mesh.env, INMESH_FILE: map.file };
    app = new Script(join(APPS, 'preload-commands.cjs'), { args: [OrdersMesh.url], env });
  });
  after(async () => {
    await app?.stop();
    await mesh?.stop();
    rmSync(map.folder, { recursive: true, force: true });
  });

  /** Calls until the outcome is the wanted one, or the test's time is over. */
  async function untilCall(wanted: 'routed' | 'own'): Promise<void> {
    for (;;) {
      const before = app.facts('outcome').length;
      app.tell('call');
      while (app.facts('outcome').length === before) await new Promise((resolve) => setTimeout(resolve, 20));
      if ((app.facts('outcome').at(-1)!['outcome'] === 200) === (wanted === 'routed')) return;
    }
  }

  it('is off from the start when the file says so', () => untilCall('own'));

  it('is on for new calls after the file says nothing', async () => {
    map.write('{}');
    await untilCall('routed');
  });

  it('switches one hook off, and on again', async () => {
    map.write('{"INMESH_HOOKS_OFF": ["http"]}');
    await untilCall('own');
    map.write('{"INMESH": true}');
    await untilCall('routed');
  });

  it('keeps the last good state when the file is broken, with one line', async () => {
    map.write('{"INMESH": "off"');
    await app.process.untilReady(async () => /is not JSON/.test(app.process.log), 10_000);
    await untilCall('routed');
    map.write('{"INMESH": "off"}');
    await untilCall('own');
  });
});
