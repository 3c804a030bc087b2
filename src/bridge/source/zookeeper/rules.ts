/** Dubbo's dynamic configuration, as far as every consumer applies it: `<root>/<interface>:<version>:<group>.configurators`. */

import {
  type DubboServices,
  type InterfaceName,
  interfaceKey,
  type Override,
  parseColonName,
  parseRule,
} from '../../dubbo';
import type { Following, Room } from './room';

const SUFFIX = '.configurators';

interface Followed {
  readonly follower: Following;
  readonly name: InterfaceName;
  overrides: readonly Override[];
}

export class Rules {
  private readonly root: Following;
  private readonly rules = new Map<string, Followed>();

  constructor(
    private readonly room: Room,
    private readonly services: DubboServices,
    private readonly path: string,
  ) {
    this.root = room.feed.children(path, (names = []) => this.follow(names));
  }

  end(): void {
    this.root.end();
    for (const { follower } of this.rules.values()) follower.end();
  }

  private follow(nodes: readonly string[]): void {
    const present = new Set(nodes);
    for (const [node, followed] of this.rules) if (!present.has(node)) this.forget(node, followed);
    for (const node of present) {
      const name = node.endsWith(SUFFIX) ? parseColonName(node.slice(0, -SUFFIX.length)) : undefined;
      if (name && !this.rules.has(node)) this.begin(node, name);
    }
  }

  private begin(node: string, name: InterfaceName): void {
    const follower = this.room.feed.data(`${this.path}/${node}`, (data) =>
      this.read(node, data?.toString('utf8') ?? ''),
    );
    this.rules.set(node, { follower, name, overrides: [] });
  }

  /** A rule that cannot be read leaves the former one in force. */
  private read(node: string, text: string): void {
    const followed = this.rules.get(node);
    if (!followed) return;
    const rule = parseRule(text);
    if (typeof rule === 'string') {
      this.tell(node, `the rule is unusable, the former one stays in force: ${rule}`);
      return;
    }
    const { notApplied } = rule;
    this.tell(
      node,
      notApplied.length > 0 ? `the rule is not applied here: ${notApplied.join('; ')}` : undefined,
    );
    followed.overrides = rule.overrides;
    this.apply(followed.name);
  }

  private forget(node: string, { follower, name }: Followed): void {
    follower.end();
    this.rules.delete(node);
    this.tell(node, undefined);
    this.apply(name);
  }

  /** Of several nodes for one service all count, in the order of their names. */
  private apply(name: InterfaceName): void {
    const key = interfaceKey(name);
    const nodes = [...this.rules.keys()].sort();
    const same = nodes.map((node) => this.rules.get(node)!).filter((each) => interfaceKey(each.name) === key);
    this.services.setRules(
      name,
      same.flatMap(({ overrides }) => overrides),
    );
    this.room.changed();
  }

  private tell(node: string, reason: string | undefined): void {
    this.room.problems.set(`${this.path}/${node}`, undefined, reason);
  }
}
