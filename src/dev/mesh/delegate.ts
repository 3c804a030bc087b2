/** VirtualService delegation: a root's route hands over to the routes of a VirtualService without hosts. */

import type { HttpMatch, HttpRoute, StringMatch } from '../api';
import type { IstioObject } from '../read/object';

type Rule = IstioObject<'VirtualService'>;

/** Roots with their delegates' routes merged in; delegates themselves are left out. */
export function resolveDelegates(rules: readonly Rule[]): Rule[] {
  const delegates = new Map<string, Rule>();
  for (const rule of rules) if (isDelegate(rule)) delegates.set(`${rule.namespace}/${rule.name}`, rule);
  return rules.filter((rule) => !isDelegate(rule)).map((rule) => withDelegates(rule, delegates));
}

function isDelegate(rule: Rule): boolean {
  return (rule.spec.hosts ?? []).length === 0;
}

function withDelegates(root: Rule, delegates: ReadonlyMap<string, Rule>): Rule {
  if (!root.spec.http?.some((route) => route.delegate)) return root;
  const http = root.spec.http.flatMap((route) => {
    if (!route.delegate) return [route];
    const delegate = delegates.get(`${route.delegate.namespace || root.namespace}/${route.delegate.name}`);
    if (!delegate || !isExportedTo(delegate, root.namespace)) return [];
    return (delegate.spec.http ?? []).flatMap((each) => merge(route, each) ?? []);
  });
  return { ...root, spec: { ...root.spec, http } };
}

function isExportedTo(delegate: Rule, namespace: string): boolean {
  const exportTo = delegate.spec.exportTo ?? ['*'];
  if (exportTo.length === 0 || exportTo.includes('*') || exportTo.includes(namespace)) return true;
  return exportTo.includes('.') && delegate.namespace === namespace;
}

/** What the delegate's route leaves open comes from the root's. undefined when their matches exclude each other. */
function merge(root: HttpRoute, delegate: HttpRoute): HttpRoute | undefined {
  const match = mergeMatches(root.match ?? [], delegate.match ?? []);
  if (!match) return undefined;
  const { delegate: _, match: __, redirect: ___, ...rest } = root;
  return { ...rest, ...delegate, match, name: joinNames(root.name, delegate.name) };
}

function mergeMatches(
  root: readonly HttpMatch[],
  delegate: readonly HttpMatch[],
): readonly HttpMatch[] | undefined {
  if (root.length === 0) return delegate;
  if (delegate.length === 0) return root;
  const merged: HttpMatch[] = [];
  for (const leaf of delegate) {
    const compatible = root.filter((each) => !conflict(each, leaf));
    if (compatible.length === 0) return undefined;
    merged.push(...compatible.map((each) => mergeMatch(each, leaf)));
  }
  return merged;
}

function mergeMatch(root: HttpMatch, leaf: HttpMatch): HttpMatch {
  return {
    ...root,
    ...leaf,
    name: joinNames(root.name, leaf.name),
    headers: { ...root.headers, ...leaf.headers },
    withoutHeaders: { ...root.withoutHeaders, ...leaf.withoutHeaders },
    queryParams: { ...root.queryParams, ...leaf.queryParams },
    sourceLabels: { ...root.sourceLabels, ...leaf.sourceLabels },
    gateways: leaf.gateways?.length ? leaf.gateways : root.gateways,
  };
}

function joinNames(root: string | undefined, leaf: string | undefined): string {
  if (root && leaf) return `${root}-${leaf}`;
  return leaf || root || '';
}

function conflict(root: HttpMatch, leaf: HttpMatch): boolean {
  const single = (['uri', 'scheme', 'method', 'authority'] as const).some((key) =>
    stringsConflict(root[key], leaf[key]),
  );
  if (single) return true;
  for (const group of ['headers', 'withoutHeaders', 'queryParams'] as const) {
    for (const [key, value] of Object.entries(leaf[group] ?? {})) {
      if (stringsConflict(root[group]?.[key], value)) return true;
    }
  }
  if ((root.ignoreUriCase ?? false) !== (leaf.ignoreUriCase ?? false)) return true;
  if (root.port && leaf.port && root.port !== leaf.port) return true;
  if (root.sourceNamespace && leaf.sourceNamespace !== root.sourceNamespace) return true;
  for (const [key, value] of Object.entries(leaf.sourceLabels ?? {})) {
    if (root.sourceLabels?.[key] !== undefined && root.sourceLabels[key] !== value) return true;
  }
  if (!root.gateways?.length || !leaf.gateways?.length) return false;
  return !leaf.gateways.every((gateway) => root.gateways!.includes(gateway));
}

/** A delegate may only narrow what the root takes. */
function stringsConflict(root: StringMatch | undefined, leaf: StringMatch | undefined): boolean {
  if (!root || !leaf) return false;
  if (root.regex !== undefined || leaf.regex !== undefined) return true;
  if (root.exact !== undefined) return leaf.exact !== root.exact;
  const prefix = root.prefix ?? '';
  return !(leaf.exact ?? leaf.prefix ?? '').startsWith(prefix);
}
