/** A registry client's sample application as a process of its own, asked by commands (fixtures/registry-clients). */

import { join } from 'node:path';
import { ROOT, type Script, startScript } from '../app';

export interface ClientOptions {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly node?: string;
  /** False: without the agent. */
  readonly preload?: boolean;
}

export class RegistryClient {
  #commands = 0;

  private constructor(readonly script: Script) {}

  /** `fixture`: its name without `.js`. */
  static async start(fixture: string, options: ClientOptions): Promise<RegistryClient> {
    // On a busy machine the link takes its time: what a test wants to see in a first list must not depend on that.
    const env = { INMESH_FIRST_USE_TIMEOUT: '60s', ...options.env };
    const file = join(ROOT, 'fixtures', 'registry-clients', `${fixture}.js`);
    const script = await startScript(file, { ...options, env });
    const client = new RegistryClient(script);
    try {
      await script.fact('ready');
      return client;
    } catch (error) {
      await script.stop();
      throw error;
    }
  }

  /** Runs one command and gives its answer. */
  async ask<T = unknown>(command: { readonly do: string; readonly [key: string]: unknown }): Promise<T> {
    const id = ++this.#commands;
    this.script.tell({ ...command, id });
    const fact = await this.script.fact(`answer${id}`, 60_000);
    return fact[`answer${id}`] as T;
  }

  /** What its subscriptions heard, oldest first. */
  get heard(): readonly unknown[] {
    return this.script.facts('heard').map(({ heard }) => heard);
  }

  /** Waits until the newest thing heard is as wanted. */
  async untilHeard(what: string, holds: (heard: never) => boolean, timeoutMs = 30_000): Promise<void> {
    const last = () => this.heard.at(-1);
    try {
      await this.script.process.untilReady(
        async () => last() !== undefined && holds(last() as never),
        timeoutMs,
      );
    } catch (error) {
      throw new Error(`${what}: last heard ${JSON.stringify(last())}`, { cause: error });
    }
  }

  /** Lines of the agent on its standard error. */
  get lines(): readonly string[] {
    return this.script.process.log.split('\n').filter((line) => line.includes('"name":"inmesh"'));
  }

  stop(): Promise<void> {
    return this.script.stop();
  }
}
