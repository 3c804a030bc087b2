/**
 * Dubbo's consumer-side rules in Nacos' configuration: `<interface>:<version>:<group>.configurators` of group `dubbo`.
 * One request asks which of all interfaces' rules differ from what is known; the server tells changes by itself, too.
 */

import { createHash } from 'node:crypto';
import type { ConfigBatchListenResponse } from '../../../nacos';
import { type InterfaceName, type Override, parseRule } from '../../dubbo';
import type { Session } from '../../nacos';
import { queryConfig, tenantOf } from './read-config';

const GROUP = 'dubbo';
const SUFFIX = '.configurators';
/** Asked about in one request, as Nacos' own client does. */
const BATCH = 3_000;

export interface DubboRulesOptions {
  readonly namespace: string;
  /** The rules that every consumer applies to an interface; none: []. */
  readonly apply: (name: InterfaceName, overrides: readonly Override[]) => void;
  /** `reason` undefined: there is nothing wrong with it. */
  readonly problem: (dataId: string, reason: string | undefined) => void;
}

export class DubboRules {
  readonly #md5 = new Map<string, string>();

  constructor(readonly options: DubboRulesOptions) {}

  /** Brings the rules of these interfaces up to date. Rejects when the server cannot be asked. */
  async refresh(session: Session, names: readonly InterfaceName[]): Promise<void> {
    const byDataId = new Map(names.map((name) => [dataIdOf(name), name]));
    const all = [...byDataId.keys()];
    for (let from = 0; from < all.length; from += BATCH) {
      const changed = await this.#changed(session, all.slice(from, from + BATCH));
      for (const dataId of changed) {
        const name = byDataId.get(dataId);
        if (name) await this.#read(session, dataId, name);
      }
    }
  }

  async #changed(session: Session, dataIds: readonly string[]): Promise<string[]> {
    const tenant = tenantOf(this.options.namespace);
    const configListenContexts = dataIds.map((dataId) => {
      return { dataId, group: GROUP, tenant, md5: this.#md5.get(dataId) ?? '' };
    });
    const { changedConfigs } = await session.request<ConfigBatchListenResponse>(
      'ConfigBatchListenRequest',
      { listen: true, configListenContexts },
      { kind: 'config', tenant, group: GROUP },
    );
    return (changedConfigs ?? []).map(({ dataId }) => dataId);
  }

  async #read(session: Session, dataId: string, name: InterfaceName): Promise<void> {
    const { namespace, apply, problem } = this.options;
    const text = (await queryConfig(session, namespace, dataId, GROUP)) ?? '';
    this.#md5.set(dataId, text === '' ? '' : createHash('md5').update(text).digest('hex'));
    const rule = parseRule(text);
    if (typeof rule === 'string') {
      problem(dataId, `the rule is unusable, the former one stays in force: ${rule}`);
      return;
    }
    const { overrides, notApplied } = rule;
    const reason = `the rule is not applied here: ${notApplied.join('; ')}`;
    problem(dataId, notApplied.length > 0 ? reason : undefined);
    apply(name, overrides);
  }
}

/** Is it about such a rule? Then a round is due. */
export function isRuleChange(type: string, body: unknown): boolean {
  const { dataId } = (body ?? {}) as { dataId?: unknown };
  return type === 'ConfigChangeNotifyRequest' && typeof dataId === 'string' && dataId.endsWith(SUFFIX);
}

function dataIdOf(name: InterfaceName): string {
  return `${name.interface}:${name.version}:${name.group}${SUFFIX}`;
}
