/** Random route tables and requests: the compiled table takes the route that a plain reading of the rules takes. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { HeaderMatch, PathMatch, QueryMatch, Route, StringMatch } from '../../../src/model';
import { compileVirtualHost, normalizePath } from '../../../src/routing';
import { matchInput } from '../../support/http-head';
import { forward, route, virtualHost } from '../../support/static-feed';

/** Few words, so that rules and requests meet. */
const WORDS = ['a', 'b', 'A', 'ab', 'api', 'v1', ''];
const word = fc.constantFrom(...WORDS);
const path = fc.array(word, { maxLength: 3 }).map((parts) => `/${parts.join('/')}`);
const pathMatch: fc.Arbitrary<PathMatch> = fc.record({
  kind: fc.constantFrom('exact', 'prefix', 'regex'),
  value: fc.oneof(path, path, fc.constantFrom('/', '/.*', '/a.*', '.*/b', '/(a|b)+', '/api/[^/]+')),
  caseSensitive: fc.boolean(),
});
const stringMatch: fc.Arbitrary<StringMatch> = fc
  .record({
    kind: fc.constantFrom('exact', 'prefix', 'suffix', 'contains', 'regex'),
    value: word,
    ignoreCase: fc.boolean(),
  })
  .map((match) => (match.kind === 'regex' ? { ...match, ignoreCase: false } : match)) as never;
const test = fc.oneof(
  fc.record({ kind: fc.constant('string' as const), match: stringMatch }),
  fc.record({ kind: fc.constant('present' as const), present: fc.boolean() }),
);
const headerMatch: fc.Arbitrary<HeaderMatch> = fc.record({
  name: fc.constantFrom('x-a', 'x-b', ':method'),
  test,
  invert: fc.boolean(),
  treatMissingAsEmpty: fc.boolean(),
});
const queryMatch: fc.Arbitrary<QueryMatch> = fc.record({ name: fc.constantFrom('p', 'q'), test });
const table = fc.array(
  fc.record({
    path: pathMatch,
    headers: fc.array(headerMatch, { maxLength: 2 }),
    query: fc.array(queryMatch, { maxLength: 2 }),
  }),
  { maxLength: 12 },
);
const request = fc.record({
  path,
  query: fc.array(fc.tuple(fc.constantFrom('p', 'q'), word), { maxLength: 3 }),
  method: fc.constantFrom('GET', 'a', 'A'),
  headers: fc.dictionary(fc.constantFrom('x-a', 'x-b'), fc.array(word, { minLength: 1, maxLength: 3 }), {
    maxKeys: 2,
  }),
});
type Request = typeof request extends fc.Arbitrary<infer T> ? T : never;

function textMatches({ kind, value, ignoreCase }: StringMatch, text: string): boolean {
  if (kind === 'regex') return new RegExp(`^(?:${value})$`).test(text);
  const [wanted, got] = ignoreCase ? [value.toLowerCase(), text.toLowerCase()] : [value, text];
  if (kind === 'exact') return got === wanted;
  if (kind === 'prefix') return got.startsWith(wanted);
  return kind === 'suffix' ? got.endsWith(wanted) : got.includes(wanted);
}

function pathMatches({ kind, value, caseSensitive }: PathMatch, text: string): boolean {
  const ignoreCase = kind !== 'regex' && !caseSensitive;
  return textMatches({ kind: kind as StringMatch['kind'], value, ignoreCase }, text);
}

/** Lines one by one: any may match, and of an inverted match none may. */
function headerMatches(rule: HeaderMatch, { headers, method }: Request): boolean {
  const lines =
    rule.name === ':method' ? [method] : Object.hasOwn(headers, rule.name) ? headers[rule.name]! : [];
  if (rule.test.kind === 'present') return (lines.length > 0 === rule.test.present) !== rule.invert;
  const { match } = rule.test as { match: StringMatch };
  if (lines.length === 0) {
    return rule.treatMissingAsEmpty ? textMatches(match, '') !== rule.invert : false;
  }
  return lines.some((line) => textMatches(match, line)) !== rule.invert;
}

function queryMatches({ name, test: rule }: QueryMatch, { query }: Request): boolean {
  const first = query.find(([key]) => key === name);
  if (rule.kind === 'present') return (first !== undefined) === rule.present;
  return first !== undefined && textMatches(rule.match, first[1]);
}

describe('random route tables', () => {
  it('the first route all of whose conditions hold is taken', () => {
    let taken = 0;
    fc.assert(
      fc.property(table, fc.array(request, { minLength: 1, maxLength: 8 }), (matches, requests) => {
        const routes = matches.map(
          (match, at): Route => route(forward('c'), '/', { name: String(at), match }),
        );
        const bad: string[] = [];
        const compiled = compileVirtualHost(
          virtualHost(['any'], routes),
          () => undefined,
          (name) => bad.push(name),
        );
        assert.deepEqual(bad, []);
        for (const each of requests) {
          const target =
            each.path +
            (each.query.length === 0 ? '' : `?${each.query.map((pair) => pair.join('=')).join('&')}`);
          const wanted = matches.findIndex(
            (match) =>
              pathMatches(match.path, normalizePath(each.path)) &&
              match.headers.every((rule) => headerMatches(rule, each)) &&
              match.query.every((rule) => queryMatches(rule, each)),
          );
          const found = compiled.match(matchInput(target, { method: each.method, headers: each.headers }));
          assert.equal(found?.route.name, wanted < 0 ? undefined : String(wanted), target);
          if (wanted >= 0) taken++;
        }
      }),
      { seed: 21, numRuns: 1_500 },
    );
    assert.ok(taken > 1_000, `only ${taken} requests met a rule`);
  });
});
