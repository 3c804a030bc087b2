/** Curator's service discovery: `<root>/<service>/<instance>`. Dubbo's application level and Spring Cloud share it. */

import {
  type ApplicationInstance,
  applicationKey,
  type DubboServices,
  isDubboApplication,
  providersOfInstance,
  type Revision,
  type RevisionResolver,
  readApplicationInstance,
} from '../../dubbo';
import { type CuratorInstance, parseCuratorInstance } from './curator';
import { Holding } from './holding';
import type { PlainServices } from './plain-services';
import type { Following, Room } from './room';

interface Followed {
  readonly follower: Following;
  readonly instances: Holding<Following>;
}

export interface Discovery {
  readonly plain: PlainServices;
  /** Undefined: Dubbo's instances are left out. */
  readonly dubbo: { readonly services: DubboServices; readonly resolver: RevisionResolver } | undefined;
}

export class Applications {
  private readonly root: Following;
  private readonly services: Holding<Followed>;
  /** Dubbo's, by owner. */
  private readonly instances = new Map<string, ApplicationInstance>();

  constructor(
    private readonly room: Room,
    private readonly discovery: Discovery,
    private readonly path: string,
  ) {
    this.services = new Holding<Followed>({
      ...room.holding,
      gone: (gone) => {
        for (const [name, followed] of gone) this.forget(name, followed);
      },
    });
    this.root = room.feed.children(path, (names = []) => {
      this.services.set(new Map(names.map((name) => [name, this.services.get(name) ?? this.begin(name)])));
    });
  }

  /** A revision was found, or the reason why it was not is news. An unknown revision leaves an instance with its last known services. */
  settled(owners: readonly string[], result: Revision | string): void {
    for (const owner of owners) {
      const instance = this.instances.get(owner);
      if (instance) this.apply(owner, instance, result);
    }
    this.room.changed();
  }

  end(): void {
    this.root.end();
    this.services.end();
    for (const { follower, instances } of this.services.values()) {
      follower.end();
      instances.end();
      for (const instance of instances.values()) instance.end();
    }
  }

  private begin(service: string): Followed {
    const instances = new Holding<Following>({
      ...this.room.holding,
      gone: (gone) => {
        for (const [node, follower] of gone) this.forgetInstance(service, node, follower);
      },
    });
    const follower = this.room.feed.children(`${this.path}/${service}`, (nodes = []) => {
      instances.set(
        new Map(nodes.map((node) => [node, instances.get(node) ?? this.beginInstance(service, node)])),
      );
    });
    return { follower, instances };
  }

  private beginInstance(service: string, node: string): Following {
    return this.room.feed.data(`${this.path}/${service}/${node}`, (data) => {
      // Gone for a moment or for good: that is for the list of children to say.
      if (data) this.read(service, node, data);
    });
  }

  private forget(service: string, { follower, instances }: Followed): void {
    follower.end();
    instances.end();
    for (const node of instances.keys()) this.forgetInstance(service, node, instances.get(node)!);
  }

  private forgetInstance(service: string, node: string, follower: Following): void {
    follower.end();
    this.clear(service, node);
    this.room.problems.set(this.problemService(service), node, undefined);
    this.room.changed();
  }

  private read(service: string, node: string, data: Buffer): void {
    const instance = parseCuratorInstance(data, node);
    if (typeof instance === 'string') {
      this.tell(service, node, `${instance}: the instance is left out`);
      this.clear(service, node);
    } else if (isDubboApplication(instance.metadata)) this.readDubbo(service, node, instance);
    else {
      this.clearDubbo(service, node);
      this.tell(service, node, undefined);
      this.discovery.plain.set(service, node, instance);
    }
    this.room.changed();
  }

  private readDubbo(service: string, node: string, curator: CuratorInstance): void {
    this.discovery.plain.set(service, node, undefined);
    const { dubbo } = this.discovery;
    if (!dubbo) return;
    let complaint: string | undefined;
    const read = readApplicationInstance(service, curator, (reason) => {
      complaint ??= reason;
    });
    const instance = { ...read, enabled: curator.enabled };
    this.tell(service, node, complaint);
    const owner = this.ownerOf(service, node);
    this.instances.set(owner, instance);
    dubbo.services.setInstance(owner, instance);
    if (instance.revision === '' || instance.revision === '0') {
      dubbo.resolver.release(owner);
      dubbo.services.setProviders('application', owner, []);
      return;
    }
    const result = dubbo.resolver.use(owner, instance);
    if (result !== undefined) this.apply(owner, instance, result);
  }

  private apply(owner: string, instance: ApplicationInstance, result: Revision | string): void {
    const { application, id, revision } = instance;
    if (typeof result === 'string') {
      const known = 'the services that it had last, if any, stay in use until it is';
      this.room.problems.set(
        applicationKey(application),
        id,
        `revision ${revision} cannot be read (${result}): ${known}`,
      );
      return;
    }
    const { unreadable } = result;
    const partly = `services of revision ${revision} without name or protocol are left out: ${unreadable.slice(0, 5).join(', ')}`;
    this.room.problems.set(applicationKey(application), id, unreadable.length > 0 ? partly : undefined);
    this.discovery.dubbo?.services.setProviders('application', owner, providersOfInstance(instance, result));
  }

  private clear(service: string, node: string): void {
    this.discovery.plain.set(service, node, undefined);
    this.clearDubbo(service, node);
  }

  private clearDubbo(service: string, node: string): void {
    const owner = this.ownerOf(service, node);
    const instance = this.instances.get(owner);
    const { dubbo } = this.discovery;
    if (!instance || !dubbo) return;
    this.instances.delete(owner);
    dubbo.resolver.release(owner);
    dubbo.services.setInstance(owner, undefined);
    dubbo.services.setProviders('application', owner, []);
    this.room.problems.set(applicationKey(service), instance.id, undefined);
  }

  private ownerOf(service: string, node: string): string {
    return `${service}/${node}`;
  }

  private problemService(service: string): string {
    return `${this.path}/${service}`;
  }

  private tell(service: string, node: string, reason: string | undefined): void {
    this.room.problems.set(this.problemService(service), node, reason);
  }
}
