/** Header operations of a rule or of a destination. */

import type { HeaderOperations, Headers } from '../api';
import { compare } from './match';
import { type HeaderValueOptionPb, pb } from './pb';

const { HeaderAppendAction } = pb.envoy.config.core.v3.HeaderValueOption;

export interface HeaderChangesPb {
  requestHeadersToAdd: HeaderValueOptionPb[];
  requestHeadersToRemove: string[];
  responseHeadersToAdd: HeaderValueOptionPb[];
  responseHeadersToRemove: string[];
}

export function headerChanges(headers: Headers | undefined): HeaderChangesPb {
  return {
    requestHeadersToAdd: additions(headers?.request),
    requestHeadersToRemove: removals(headers?.request),
    responseHeadersToAdd: additions(headers?.response),
    responseHeadersToRemove: removals(headers?.response),
  };
}

/** A Host or `:authority` that is set or added becomes a rewrite of the host. */
export function authorityOf(headers: Headers | undefined): string | undefined {
  const { set, add } = headers?.request ?? {};
  return authorityIn(set) ?? authorityIn(add);
}

function authorityIn(values: Readonly<Record<string, string>> | undefined): string | undefined {
  for (const [name, value] of Object.entries(values ?? {})) {
    if (/^(:authority|host)$/i.test(name) && value !== '') return value;
  }
  return undefined;
}

/** First what is set, then what is added, each sorted by name. */
function additions(operations: HeaderOperations | undefined): HeaderValueOptionPb[] {
  return [
    ...options(operations?.set, HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD),
    ...options(operations?.add, HeaderAppendAction.APPEND_IF_EXISTS_OR_ADD),
  ];
}

function options(
  values: Readonly<Record<string, string>> | undefined,
  appendAction: number,
): HeaderValueOptionPb[] {
  return Object.entries(values ?? {})
    .filter(([name]) => !isInternal(name))
    .sort(([a], [b]) => compare(a, b))
    .map(([key, value]) => ({ header: { key, value }, appendAction }));
}

function removals(operations: HeaderOperations | undefined): string[] {
  return (operations?.remove ?? []).filter((name) => !isInternal(name));
}

/** Envoy does not change these as headers. */
function isInternal(name: string): boolean {
  return name.startsWith(':') || name.toLowerCase() === 'host';
}
