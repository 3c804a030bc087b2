/** TLS that begins here: what a DestinationRule with SIMPLE or MUTUAL asks of the connections to a cluster. */

import { isIP, type Socket } from 'node:net';
import { connect, type PeerCertificate } from 'node:tls';
import type { UpstreamTls } from '../../model';
import type { Log } from '../../observe/log';
import type { Secure } from '../dial';
import { TlsContext } from './context';
import { altNames, hasName } from './names';

/** Hosts of one cluster whose TLS is remembered; beyond, the oldest is made anew. Rules with an SNI need but one. */
const MOST_HOSTS = 1_000;
const MOST_CONTEXTS = 1_000;

/** How connections of one cluster are secured for one host. */
class UpstreamSecure implements Secure {
  constructor(
    /** Connections with the same key may be shared. */
    readonly key: string,
    private readonly tls: UpstreamTls,
    private readonly context: TlsContext,
    /** Empty: none is sent. */
    private readonly serverName: string,
    /** Whom the certificate must be for, besides the cluster's names; empty: nobody in particular. */
    private readonly host: string,
  ) {}

  prepare(ready: (error: Error | undefined) => void): void {
    this.context.prepare(ready);
  }

  wrap(socket: Socket): Socket {
    return connect({
      socket,
      secureContext: this.context.current,
      servername: this.serverName,
      rejectUnauthorized: !this.tls.insecureSkipVerify,
      checkServerIdentity: (_host, certificate) => this.check(certificate),
    });
  }

  private check({ subjectaltname = '' }: PeerCertificate): Error | undefined {
    const names = altNames(subjectaltname) ?? [];
    const { subjectAltNames } = this.tls;
    const isHost = this.host === '' || hasName(names, [this.host]);
    if (isHost && (subjectAltNames.length === 0 || hasName(names, subjectAltNames))) return undefined;
    const wanted = isHost ? subjectAltNames.join(' or ') : this.host;
    return new Error(`the certificate is for ${subjectaltname || 'no name'}, not for ${wanted}`);
  }
}

/** All TLS of the process that begins here. */
export class UpstreamTlsContexts {
  private readonly contexts = new Map<string, TlsContext>();
  /** The settings of a push are one object as long as the push is in force. */
  private readonly byHost = new WeakMap<UpstreamTls, Map<string, UpstreamSecure>>();

  constructor(
    private readonly log: Log,
    private readonly now: () => number,
  ) {}

  /** `authority`: the request's after rewrites, port included. */
  secure(tls: UpstreamTls, authority: string): UpstreamSecure {
    let hosts = this.byHost.get(tls);
    if (hosts === undefined) {
      hosts = new Map();
      this.byHost.set(tls, hosts);
    }
    const matters = tls.autoSni || tls.autoSanValidation;
    const host = matters ? hostOf(authority) : '';
    let found = hosts.get(host);
    if (found === undefined) {
      found = this.made(tls, host);
      put(hosts, host, found, MOST_HOSTS);
    }
    return found;
  }

  private made(tls: UpstreamTls, host: string): UpstreamSecure {
    const name = tls.sni ?? (tls.autoSni ? host : '');
    // Node takes no address as a server name, and Envoy sends none of its own accord.
    const serverName = isIP(name) === 0 ? name : '';
    const wanted = tls.autoSanValidation ? host : '';
    const key = JSON.stringify([filesKey(tls), serverName, wanted, tls.subjectAltNames]);
    return new UpstreamSecure(key, tls, this.context(tls), serverName, wanted);
  }

  private context(tls: UpstreamTls): TlsContext {
    const key = filesKey(tls);
    let context = this.contexts.get(key);
    if (context === undefined) {
      context = new TlsContext(tls, this.log, this.now);
      put(this.contexts, key, context, MOST_CONTEXTS);
    }
    return context;
  }
}

/** Everything of the settings that a context is made of. */
function filesKey(tls: UpstreamTls): string {
  const { caFile, certFile, keyFile, crlFile, minVersion, maxVersion, insecureSkipVerify, unavailable } = tls;
  return JSON.stringify([
    ...[caFile, certFile, keyFile, crlFile, minVersion, maxVersion],
    ...[insecureSkipVerify, unavailable],
  ]);
}

function put<T>(map: Map<string, T>, key: string, value: T, most: number): void {
  if (map.size >= most) map.delete(map.keys().next().value!);
  map.set(key, value);
}

/** Without port and brackets, in lower case. */
function hostOf(authority: string): string {
  if (authority.startsWith('[')) return authority.slice(1, authority.indexOf(']')).toLowerCase();
  const colon = authority.lastIndexOf(':');
  return (colon < 0 ? authority : authority.slice(0, colon)).toLowerCase();
}
