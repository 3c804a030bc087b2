/** What a protocol makes of the content: state-of-the-world here, incremental in `delta-answers.ts`. */

import { pb, type SotwRequest } from '../../xds';
import type { View } from './rendering';

export interface Answer {
  /** A whole response message, in pieces. */
  readonly pieces: readonly Buffer[];
  /** Of the content that the client has once it took this. */
  readonly version: string;
  readonly nonce: string;
  /** In this response. */
  readonly resources: number;
}

export interface Answers<Request> {
  /** Takes note of what is asked. True: an answer is due even when nothing is new. */
  subscribe(request: Request, first: boolean): boolean;
  /** The next response of a type; undefined when the client has everything. No view: a type of which there is nothing. */
  next(typeUrl: string, view: View | undefined, due: boolean): Answer | undefined;
}

/** The version of a type that has no resources. */
export const NOTHING = 'none';

/** Every response holds all resources of its type, so all streams share its bytes. */
export class SotwAnswers implements Answers<SotwRequest> {
  private readonly sent = new Map<string, string>();

  subscribe({ responseNonce }: SotwRequest, first: boolean): boolean {
    return first || !responseNonce;
  }

  next(typeUrl: string, view: View | undefined, due: boolean): Answer | undefined {
    const version = view?.version ?? NOTHING;
    if (!due && this.sent.get(typeUrl) === version) return undefined;
    this.sent.set(typeUrl, version);
    const pieces = view ? view.response(typeUrl) : [nothing(typeUrl)];
    return { pieces, version, nonce: version, resources: view?.parts.size ?? 0 };
  }
}

function nothing(typeUrl: string): Buffer {
  const { DiscoveryResponse } = pb.envoy.service.discovery.v3;
  return Buffer.from(DiscoveryResponse.encode({ typeUrl, versionInfo: NOTHING, nonce: NOTHING }).finish());
}
