/** A mistake in the YAML is reported with file, line and column, what is wrong and what to do. */

import { strict as assert } from 'node:assert';
import { formatProblem } from '../../../src/dev';
import { load, parseFiles } from '../../../src/dev/load';

function problemsOf(text: string, file = 'mesh.yaml'): string[] {
  return load(parseFiles(new Map([[file, text]]))).problems.map(formatProblem);
}

function virtualService(route: string): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: shop}
spec:
  hosts: [reviews]
  http:
${route}
`;
}

const SERVICE = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: reviews, namespace: shop}
spec:
  hosts: [reviews.shop.svc.cluster.local]
  resolution: STATIC
  ports: [{number: 80, name: http, protocol: HTTP}]
---
`;

const ROUTE = '  - route: [{destination: {host: reviews}}]';

/** YAML of one route; the expected `line:column: …` parts, in order. */
const MISTAKES: readonly (readonly [title: string, route: string, ...expected: RegExp[]])[] = [
  [
    'an unknown field',
    `${ROUTE}\n    timout: 3s`,
    /:16:5: error: VirtualService shop\/reviews: HTTPRoute has no field `timout`; did you mean `timeout`\?/,
  ],
  ['a bad duration', `${ROUTE}\n    timeout: 3x`, /:16:14: .*`3x` where a duration/],
  ['a number as duration', `${ROUTE}\n    timeout: 3`, /:16:14: .*the number `3` where a duration/],
  [
    'a missing host',
    '  - route: [{destination: {subset: v1}}]',
    /:15:27: .*Destination has no `host`; add `host`/,
  ],
  [
    'a list where a map belongs',
    '  - route: [{destination: [reviews]}]',
    /:15:27: .*a list where a Destination/,
  ],
  ['a map where a list belongs', '  - route: {destination: {host: reviews}}', /:15:12: .*a map where a list/],
  [
    'an unquoted boolean of YAML 1.1',
    `${ROUTE}\n    headers: {request: {set: {x-rule: n}}}`,
    /:16:39: .*the boolean `n` where a string.*quotes: "n"/,
  ],
  [
    'a number where a string belongs',
    `${ROUTE}\n    match: [{headers: {x: {exact: 1}}}]`,
    /:16:35: .*the number `1`.*quotes: "1"/,
  ],
  [
    'two of a kind',
    '  - route: [{destination: {host: reviews}}]\n    redirect: {uri: /x}',
    /:16:15: .*`route` and `redirect`, which exclude each other/,
  ],
  [
    'an unknown subset',
    '  - route: [{destination: {host: reviews, subset: v9}}]',
    /:15:51: .*no DestinationRule gives .* the subset `v9`/,
  ],
  ['a bad regular expression', `${ROUTE}\n    match: [{uri: {regex: '(?=x)'}}]`, /:16:27: .*no RE2 pattern/],
  [
    'weights of zero',
    '  - route: [{destination: {host: reviews}, weight: 0}, {destination: {host: reviews}, weight: 0}]',
    /:15:12: .*the weights add up to 0/,
  ],
  ['a route that does nothing', '  - name: x', /:15:5: .*the route does nothing/],
  [
    'an unknown retry condition',
    `${ROUTE}\n    retries: {attempts: 1, retryOn: sometimes}`,
    /:16:37: .*`sometimes` is no retry condition/,
  ],
  ['a status that is none', '  - directResponse: {status: 42}', /:15:30: .*an integer from 200 to 599/],
];

describe('mistakes in the folder', () => {
  for (const [title, route, ...expected] of MISTAKES) {
    it(title, () => {
      const problems = problemsOf(SERVICE + virtualService(route)).filter((each) =>
        each.includes(': error: '),
      );
      assert.equal(problems.length, expected.length, problems.join('\n'));
      for (const [index, pattern] of expected.entries()) assert.match(problems[index]!, pattern);
      assert.ok(problems.every((each) => each.startsWith('mesh.yaml:')));
    });
  }

  it('YAML that is none', () => {
    assert.match(problemsOf('a: [1, 2\nb: }')[0]!, /^mesh\.yaml:\d+:\d+: error: not valid YAML/);
  });

  it('an object without kind, an unknown kind, a wrong apiVersion', () => {
    assert.match(problemsOf('spec: {}')[0]!, /:1:1: error: the object has no `kind`/);
    assert.match(problemsOf('kind: VirtualServis')[0]!, /:1:7: error: .*did you mean VirtualService\?/);
    const old = SERVICE.replace('networking.istio.io/v1', 'networking.istio.io/v2');
    assert.match(
      problemsOf(old)[0]!,
      /:1:13: error: `networking.istio.io\/v2` is no apiVersion of ServiceEntry/,
    );
  });

  it('kinds that are not served get one line and do no harm', () => {
    const loaded = load(
      parseFiles(new Map([['a.yaml', `kind: Gateway\n---\nkind: EnvoyFilter\n---\n${SERVICE}`]])),
    );
    assert.deepEqual(
      loaded.problems.map((problem) => problem.severity),
      ['warning', 'warning'],
    );
    assert.equal(loaded.ok, true);
    assert.equal(loaded.objects.length, 1);
  });

  it('a destination in no registry is a warning: its calls are answered 503, as in Istio', () => {
    const problems = problemsOf(
      SERVICE + virtualService('  - route: [{destination: {host: nowhere.example.com}}]'),
    );
    assert.equal(problems.length, 1);
    assert.match(problems[0]!, /:15:34: warning: .*no ServiceEntry has the host/);
  });

  it('the same object twice, in two files', () => {
    const loaded = load(
      parseFiles(
        new Map([
          ['a.yaml', SERVICE],
          ['b.yaml', SERVICE],
        ]),
      ),
    );
    assert.equal(loaded.ok, false);
    assert.match(
      formatProblem(loaded.problems[0]!),
      /^b\.yaml:1:1: error: .*there is another .*, at a\.yaml:5;/,
    );
  });

  it('positions hold in the second document, with anchors and Windows line ends', () => {
    const text = `${SERVICE}${virtualService(`${ROUTE}\n    timeout: 3x`)}`.replaceAll('\n', '\r\n');
    assert.match(problemsOf(text)[0]!, /^mesh\.yaml:16:14: /);
    const anchored = `${SERVICE}${virtualService('  - route: &to [{destination: {host: reviews}}]\n  - route: *to')}`;
    assert.deepEqual(problemsOf(anchored), []);
  });

  it('an empty file and comments alone are fine', () => {
    assert.deepEqual(problemsOf(''), []);
    assert.deepEqual(problemsOf('# nothing\n---\n'), []);
  });
});
