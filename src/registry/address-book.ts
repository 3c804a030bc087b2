/**
 * Which service an address belongs to that a list has handed out (decision 25): `10.0.0.5:8080` is a call to the
 * service that handed it out, if exactly one has. Times are milliseconds of one monotonic clock.
 */

import { addressKey } from './instance';

/** A mesh host as calls know it. */
export interface AddressOwner {
  readonly host: string;
  readonly port: number;
  /** The first attempt goes where the application chose; false: the mesh chooses. */
  readonly pinned: boolean;
}

/** An address as one service's. */
export interface Remembered {
  /** `ip:port`. */
  readonly key: string;
  readonly ip: string;
  readonly port: number;
  readonly owner: AddressOwner;
  /** Among the host's own endpoints; else only its registry knows it. */
  readonly inMesh: boolean;
}

/** How long an address is remembered that nobody names any more. */
export const LINGER_MS = 60_000;

class Claim implements Remembered {
  /** Lists that hold it. */
  lists = 0;
  inMesh = false;
  /** Since when nobody names it. */
  goneAt = Number.POSITIVE_INFINITY;

  constructor(
    readonly key: string,
    readonly ip: string,
    readonly port: number,
    readonly owner: AddressOwner,
  ) {}

  look(now: number): void {
    if (this.lists > 0 || this.inMesh) this.goneAt = Number.POSITIVE_INFINITY;
    else if (this.goneAt === Number.POSITIVE_INFINITY) this.goneAt = now;
  }
}

/** A list that was handed out, as it was last. */
export type ListId = object;

export interface Address {
  readonly ip: string;
  readonly port: number;
}

export class AddressBook {
  readonly #ports = new Map<number, Map<string, Claim[]>>();
  readonly #lists = new WeakMap<ListId, readonly Claim[]>();
  readonly #byHost = new Map<string, Set<Claim>>();
  /** Calls to addresses of several services, which went their own way. */
  ambiguousCalls = 0;
  /** Some address has had more than one owner. */
  hasShared = false;

  /** `changed`: what was found for an address may not be true any more. */
  constructor(private readonly changed: () => void) {}

  /** The list of a service is now this. `meshHas`: which of them the mesh knows as the owner's. */
  handOut(
    list: ListId,
    owner: AddressOwner,
    addresses: readonly Address[],
    meshHas: (key: string) => boolean,
    now: number,
  ): void {
    const former = this.#lists.get(list) ?? [];
    const claims = addresses.map((address) => this.#claim(address, owner));
    // A call that reads the same list again and again changes nothing.
    if (claims.length === former.length && claims.every((claim, at) => claim === former[at])) {
      for (const claim of claims) claim.inMesh = meshHas(claim.key);
      return;
    }
    for (const claim of claims) claim.lists++;
    for (const claim of former) claim.lists--;
    for (const claim of claims) claim.inMesh = meshHas(claim.key);
    for (const claim of claims) claim.look(now);
    for (const claim of former) claim.look(now);
    this.#lists.set(list, claims);
    this.changed();
  }

  /** The list is not handed out as anybody's any more. */
  forget(list: ListId, now: number): void {
    const former = this.#lists.get(list);
    if (former === undefined) return;
    this.#lists.delete(list);
    for (const claim of former) {
      claim.lists--;
      claim.look(now);
    }
    this.changed();
  }

  /** The host's endpoints are now these. */
  meshHas(host: string, keys: ReadonlySet<string>, now: number): void {
    for (const claim of this.#byHost.get(host) ?? []) {
      claim.inMesh = keys.has(claim.key);
      claim.look(now);
    }
    this.changed();
  }

  /** The mesh gives an address to a host: services that name it no more have lost it at once. */
  given(host: string, ip: string, port: number): void {
    const claims = this.#ports.get(port)?.get(ip);
    if (claims === undefined) return;
    const lost = claims.filter(
      (claim) => claim.owner.host !== host && claim.goneAt !== Number.POSITIVE_INFINITY,
    );
    for (const claim of lost) this.#drop(claim);
    if (lost.length > 0) this.changed();
  }

  /** Who an address belongs to. `last`: the host that this context has looked up last. */
  find(ip: string, port: number, now: number, last: string | undefined): Remembered | undefined {
    const claims = this.#ports.get(port)?.get(ip);
    if (claims === undefined) return undefined;
    let found: Claim | undefined;
    let several = false;
    for (const claim of claims) {
      if (now - claim.goneAt > LINGER_MS) continue;
      if (claim.owner.host === last) return claim;
      if (found !== undefined && found.owner.host === claim.owner.host) {
        if (isUsual(claim.owner.port, found.owner.port)) found = claim;
        continue;
      }
      several = found !== undefined;
      found = claim;
    }
    if (!several) return found;
    this.ambiguousCalls++;
    return undefined;
  }

  /** The address has, or had lately, more than one owner: who it is depends on who asks. */
  isShared(ip: string, port: number): boolean {
    return (this.#ports.get(port)?.get(ip)?.length ?? 0) > 1;
  }

  /** Forgets what nobody has named for long. True while something is left to be forgotten. */
  sweep(now: number): boolean {
    let [dropped, left] = [false, false];
    for (const claims of this.#byHost.values()) {
      for (const claim of claims) {
        if (now - claim.goneAt > LINGER_MS) {
          this.#drop(claim);
          dropped = true;
        } else if (claim.goneAt !== Number.POSITIVE_INFINITY) left = true;
      }
    }
    if (dropped) this.changed();
    return left;
  }

  get size(): number {
    let size = 0;
    for (const addresses of this.#ports.values()) size += addresses.size;
    return size;
  }

  #claim({ ip, port }: Address, owner: AddressOwner): Claim {
    const addresses = this.#ports.get(port) ?? new Map<string, Claim[]>();
    this.#ports.set(port, addresses);
    const claims = addresses.get(ip) ?? [];
    addresses.set(ip, claims);
    const known = claims.find((claim) => claim.owner === owner);
    if (known !== undefined) return known;
    const claim = new Claim(addressKey(ip, port), ip, port, owner);
    claims.push(claim);
    if (claims.length > 1) this.hasShared = true;
    const ofHost = this.#byHost.get(owner.host);
    if (ofHost === undefined) this.#byHost.set(owner.host, new Set([claim]));
    else ofHost.add(claim);
    return claim;
  }

  #drop(claim: Claim): void {
    const addresses = this.#ports.get(claim.port);
    const left = addresses?.get(claim.ip)?.filter((other) => other !== claim) ?? [];
    if (left.length > 0) addresses?.set(claim.ip, left);
    else addresses?.delete(claim.ip);
    if (addresses?.size === 0) this.#ports.delete(claim.port);
    const ofHost = this.#byHost.get(claim.owner.host);
    ofHost?.delete(claim);
    if (ofHost?.size === 0) this.#byHost.delete(claim.owner.host);
  }
}

/** Several ports of one host share an address: 80, else the lowest. */
function isUsual(port: number, other: number): boolean {
  return port === 80 || (other !== 80 && port < other);
}
