/** The changes to an upstream's response, and to local replies. */

import type { HeaderEdit, HeaderLookup, HeaderProgram, HeaderSource, MatchInput } from '../routing';
import { firstLine, valueAfter } from '../routing';
import { withEdits } from './local-reply';
import type { Deliver, LocalReply } from './seam';
import type { Facts } from './sources';

const SERVICE_TIME = 'x-envoy-upstream-service-time';
const NO_EDITS: readonly HeaderEdit[] = [];
const UNCHANGED: Deliver = { kind: 'deliver', edits: NO_EDITS };
/** Answers that only say how long it took, by milliseconds. */
const TIMED: Deliver[] = [];
const TIMED_UP_TO_MS = 2048;

/** `serviceMs` undefined = Envoy's own headers are switched off. */
export function deliverWith(edits: readonly HeaderEdit[], serviceMs: number | undefined): Deliver {
  if (serviceMs === undefined) return edits.length === 0 ? UNCHANGED : { kind: 'deliver', edits };
  if (edits.length > 0) return { kind: 'deliver', edits: [serviceTime(serviceMs), ...edits] };
  const known = TIMED[serviceMs];
  if (known !== undefined) return known;
  const deliver: Deliver = { kind: 'deliver', edits: [serviceTime(serviceMs)] };
  if (serviceMs < TIMED_UP_TO_MS) TIMED[serviceMs] = deliver;
  return deliver;
}

function serviceTime(ms: number): HeaderEdit {
  return { op: 'set', name: SERVICE_TIME, value: String(ms) };
}

/** The rule's changes to a response. */
export function responseEdits(
  program: HeaderProgram,
  input: MatchInput | undefined,
  header: HeaderLookup,
  facts: Facts,
): readonly HeaderEdit[] {
  if (program.constant !== undefined) return program.constant;
  const edits: HeaderEdit[] = [];
  program.apply(new ResponseSource(input, header, edits, facts), edits);
  return edits;
}

/** A local reply with the rule's response headers. */
export function withRule(
  reply: LocalReply,
  program: HeaderProgram,
  input: MatchInput | undefined,
  facts: Facts,
): LocalReply {
  if (program.constant !== undefined) return withEdits(reply, program.constant);
  const lookup: HeaderLookup = (name) => reply.headers.find(([other]) => other === name)?.[1];
  return withEdits(reply, responseEdits(program, input, lookup, facts));
}

class ResponseSource implements HeaderSource {
  constructor(
    private readonly input: MatchInput | undefined,
    private readonly header: HeaderLookup,
    private readonly edits: readonly HeaderEdit[],
    private readonly facts: Facts,
  ) {}

  fact(name: string): string | undefined {
    return this.facts.fact(name);
  }

  has(name: string): boolean {
    return this.header(name) !== undefined;
  }

  requestHeader(name: string): string | undefined {
    return firstLine(this.input?.header(name));
  }

  responseHeader(name: string): string | undefined {
    return valueAfter(name, firstLine(this.header(name)), this.edits);
  }
}
