/** The current state of the mesh and who is to be told when it changes. */

import { type NodeView, viewKey, type World } from '../mesh';
import { MeshView } from './view';

export interface Subscriber {
  /** The world changed: send what is different. Gives the number of resources sent. */
  push(): number;
}

export class Publication {
  private views = new Map<string, MeshView>();
  private readonly subscribers = new Set<Subscriber>();

  constructor(private world: World) {}

  /** Nodes alike in what they see share one view. */
  view(node: NodeView): MeshView {
    const key = viewKey(node);
    let view = this.views.get(key);
    if (!view) {
      view = new MeshView(this.world, node);
      this.views.set(key, view);
    }
    return view;
  }

  subscribe(subscriber: Subscriber): () => void {
    this.subscribers.add(subscriber);
    return () => this.subscribers.delete(subscriber);
  }

  get clients(): number {
    return this.subscribers.size;
  }

  /** Gives the number of resources sent to all clients together. */
  publish(world: World): number {
    this.world = world;
    this.views = new Map();
    let sent = 0;
    for (const subscriber of this.subscribers) sent += subscriber.push();
    return sent;
  }
}
