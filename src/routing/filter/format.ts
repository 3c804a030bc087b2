/**
 * Envoy's command operators in header values: `%REQ(X-Source)%`, `%RESPONSE_CODE%`; `%%` is a percent sign.
 * An operator without a value is empty; a header whose whole value is empty is not added.
 */

/** What operators may ask. A value that is not there (yet) is undefined. */
export interface FormatSource {
  /** First line of a request header or pseudo header, with the changes made so far. */
  requestHeader(name: string): string | undefined;
  responseHeader(name: string): string | undefined;
  /** `RESPONSE_CODE`, `UPSTREAM_CLUSTER`, … by Envoy's name. */
  fact(name: string): string | undefined;
}

type Part =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'request-header' | 'response-header';
      readonly names: readonly string[];
      readonly max: number;
    }
  | { readonly kind: 'fact'; readonly name: string };

/** A value with operators; undefined from `compileFormat` when the value has none. */
export class Format {
  constructor(private readonly parts: readonly Part[]) {}

  evaluate(source: FormatSource): string {
    let value = '';
    for (const part of this.parts) value += evaluatePart(part, source) ?? '';
    return value;
  }
}

function evaluatePart(part: Part, source: FormatSource): string | undefined {
  if (part.kind === 'text') return part.text;
  if (part.kind === 'fact') return source.fact(part.name);
  for (const name of part.names) {
    const value = part.kind === 'request-header' ? source.requestHeader(name) : source.responseHeader(name);
    if (value !== undefined) return value.length > part.max ? value.slice(0, part.max) : value;
  }
  return undefined;
}

const OPERATOR = /%%|%([A-Z_0-9]+)(?:\(([^)]*)\))?(?::(\d+))?%/g;

/** The constant text of a value without operators, or its Format. A lone percent sign stays as it is. */
export function compileFormat(value: string): string | Format {
  if (value.indexOf('%') < 0) return value;
  const parts: Part[] = [];
  let text = '';
  let end = 0;
  for (const found of value.matchAll(OPERATOR)) {
    text += value.slice(end, found.index);
    end = found.index + found[0].length;
    if (found[0] === '%%') {
      text += '%';
      continue;
    }
    if (text !== '') parts.push({ kind: 'text', text });
    text = '';
    parts.push(operator(found[1] as string, found[2] ?? '', found[3]));
  }
  text += value.slice(end);
  if (parts.length === 0) return text;
  if (text !== '') parts.push({ kind: 'text', text });
  return new Format(parts);
}

function operator(name: string, argument: string, length: string | undefined): Part {
  const max = length === undefined ? Number.POSITIVE_INFINITY : Number(length);
  if (name === 'REQ') return { kind: 'request-header', names: alternatives(argument), max };
  if (name === 'RESP') return { kind: 'response-header', names: alternatives(argument), max };
  return { kind: 'fact', name };
}

/** `X?Y`: Y when X is absent. */
function alternatives(argument: string): string[] {
  return argument.split('?').map((name) => name.trim().toLowerCase());
}
