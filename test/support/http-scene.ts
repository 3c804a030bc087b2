/** Tests of the HTTP hook on every Node that the agent supports. */

import { strict as assert } from 'node:assert';
import { NODE_VERSIONS, nodeVersion } from '../../lab';
import { type Backend, startBackend } from './http-backend';
import { type ChildOptions, type ChildResult, runApp } from './http-child';
import type { TestService } from './http-mesh';
import { peer } from './peer';

/** What `http-calls.js` tells of every call. */
export interface CallOutcome {
  readonly index: number;
  readonly events: readonly string[];
  /** Events outside the async context of the call. */
  readonly lost: number;
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly raw?: readonly string[];
  /** Names in `headersDistinct` of the answer. */
  readonly distinct?: number;
  readonly sameRequest?: boolean;
  readonly body?: string;
  readonly error?: string;
  readonly responseError?: string;
  /** Listeners to the socket's data when the answer is over. */
  readonly readersAtClose?: number;
  readonly ms: number;
}

export class HttpScene {
  node = '';
  /** Started before the tests, empty at the start of each. */
  backend!: Backend;

  /** A fixture to its end; the hook must not fail meanwhile. */
  async run(app: string, options: ChildOptions): Promise<ChildResult> {
    const result = await runApp(app, { node: this.node, ...options });
    assert.doesNotMatch(result.stderr, /HOOK-ERROR|MaxListeners/);
    assert.equal(result.code, 0, result.stderr);
    return result;
  }

  /** Calls to `svc.test`, whose only endpoint is the backend unless the service says otherwise. */
  async runCalls(
    service: Partial<TestService>,
    specs: readonly object[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly outcomes: readonly CallOutcome[]; readonly stderr: string }> {
    const services = [{ host: 'svc.test', port: 80, endpoints: [this.backend.port], ...service }];
    const { lines, stderr } = await this.run('http-calls.js', {
      mesh: { services },
      env: { CALLS: JSON.stringify(specs), ...env },
    });
    const outcomes = lines as readonly CallOutcome[];
    for (const { lost, events } of outcomes) {
      assert.equal(lost, 0, 'events outside the async context of the call');
      for (const event of ['response', 'finish', 'socket', 'close'])
        assert.ok(events.filter((each) => each === event).length <= 1, `${event} twice`);
    }
    return { outcomes, stderr };
  }

  async calls(...args: Parameters<HttpScene['runCalls']>): Promise<readonly CallOutcome[]> {
    return (await this.runCalls(...args)).outcomes;
  }
}

/** A suite for each Node. `start`: the backend, where a plain one does not do. */
export function onEveryNode(
  title: string,
  tests: (scene: HttpScene) => void,
  start: () => Promise<Backend> = startBackend,
): void {
  for (const line of Object.keys(NODE_VERSIONS)) {
    describe(`${title} on Node ${line}`, function () {
      this.timeout(60_000);
      const scene = new HttpScene();
      before(async function () {
        scene.node = peer(this, await nodeVersion(line));
        scene.backend = await start();
      });
      beforeEach(() => {
        scene.backend.seen.length = 0;
      });
      after(() => scene.backend?.close());
      tests(scene);
    });
  }
}
