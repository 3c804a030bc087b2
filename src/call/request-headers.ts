/** The headers that Envoy adds and removes on the way to an upstream, and those of the rule. */

import type { Destination, HeaderEdit, HeaderSource, MatchInput } from '../routing';
import { firstLine, valueAfter } from '../routing';
import { newRequestId } from './request-id';
import type { Facts } from './sources';

/** Ignored by a sidecar and taken away, so that no upstream proxy follows them. */
const CLIENT_POLICY = [
  'proxy-connection',
  'x-envoy-force-trace',
  'x-envoy-hedge-on-per-try-timeout',
  'x-envoy-internal',
  'x-envoy-ip-tags',
  'x-envoy-max-retries',
  'x-envoy-retriable-header-names',
  'x-envoy-retriable-status-codes',
  'x-envoy-retry-grpc-on',
  'x-envoy-retry-on',
  'x-envoy-upstream-alt-stat-name',
  'x-envoy-upstream-rq-per-try-timeout-ms',
  'x-envoy-upstream-rq-timeout-ms',
].map((name): HeaderEdit => ({ op: 'remove', name }));
const FORWARDED_PROTO: Readonly<Record<'http' | 'https', HeaderEdit>> = {
  http: ownEdit('x-forwarded-proto', 'http'),
  https: ownEdit('x-forwarded-proto', 'https'),
};
const NONE: readonly HeaderEdit[] = [];

/** Which of Envoy's own headers are added: settings. */
export interface OwnHeaders {
  readonly envoyHeaders: boolean;
  /** `x-envoy-decorator-operation` among them. */
  readonly decorator: boolean;
}

/** What is the same for all attempts of a call. */
export function requestEdits(
  input: MatchInput,
  destination: Destination,
  decorator: HeaderEdit | undefined,
  own: OwnHeaders,
  facts: Facts,
): readonly HeaderEdit[] {
  const { constant } = destination.request;
  if (!own.envoyHeaders && constant !== undefined) return constant;
  const edits: HeaderEdit[] = [];
  if (own.envoyHeaders) addEnvoyHeaders(input, own.decorator ? decorator : undefined, edits);
  if (constant === undefined || constant.length > 0) {
    destination.request.apply(new RequestSource(input, edits, facts), edits);
  }
  return edits.length === 0 ? NONE : edits;
}

function addEnvoyHeaders(input: MatchInput, decorator: HeaderEdit | undefined, edits: HeaderEdit[]): void {
  const { head } = input;
  for (const removal of CLIENT_POLICY) if (head.header(removal.name) !== undefined) edits.push(removal);
  if (head.header('x-forwarded-proto') === undefined) edits.push(FORWARDED_PROTO[head.scheme]);
  if (head.header('x-request-id') === undefined) edits.push(ownEdit('x-request-id', newRequestId()));
  if (decorator !== undefined) edits.push(decorator);
}

/** The request's headers with the edits so far, for command operators. */
class RequestSource implements HeaderSource {
  constructor(
    private readonly input: MatchInput,
    private readonly edits: readonly HeaderEdit[],
    private readonly facts: Facts,
  ) {}

  fact(name: string): string | undefined {
    return this.facts.fact(name);
  }

  has(name: string): boolean {
    return this.input.header(name) !== undefined;
  }

  requestHeader(name: string): string | undefined {
    return valueAfter(name, firstLine(this.input.header(name)), this.edits);
  }

  responseHeader(): undefined {
    return undefined;
  }
}

/** A header that Envoy sets itself. `name` is lower-case, `value` has no line break. */
export function ownEdit(name: string, value: string): HeaderEdit {
  return { op: 'set', name, value, line: `${name}: ${value}\r\n` };
}

const COUNTS: HeaderEdit[] = [];

/** `x-envoy-attempt-count: n`; made once per number. */
export function attemptCountEdit(attempt: number): HeaderEdit {
  const known = COUNTS[attempt];
  if (known !== undefined) return known;
  const edit = ownEdit('x-envoy-attempt-count', String(attempt));
  if (attempt < 100) COUNTS[attempt] = edit;
  return edit;
}
