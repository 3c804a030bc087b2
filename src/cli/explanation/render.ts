/** An explanation for a person: the answer first, then how it came to be, from the host down to the endpoints. */

import type { HeaderChange, Outcome } from '../../call/explain';
import type { ConfigOrigin } from '../../model';
import type { Condition, RouteExplanation } from '../../routing/explain';
import { duration, printable, round, table } from '../text';
import type { Explanation, ObjectReference } from './build';
import type { ClusterExplanation } from './cluster';
import { clusterPolicies, faultLines, type Lines, routePolicies } from './policies';

/** Endpoints and routes shown to a person; `--json` has all. */
const MOST_ENDPOINTS = 50;
const MOST_ROUTES = 60;

export function renderExplanation(explanation: Explanation): string {
  const { call, virtualHost, routes, outcome, clusters, objects, notApplied, notes } = explanation;
  const lines = [`${call.method} ${call.url}`, '', ...answer(explanation)];
  section(lines, 'Asked', table(asked(explanation), '  '));
  if (virtualHost !== undefined) {
    const { name, routeConfiguration, domain, domains } = virtualHost;
    section(lines, 'Virtual host', [
      `  ${name} (route configuration "${routeConfiguration}")`,
      `  matched by its domain "${domain}", one of ${domains.length}`,
    ]);
    section(lines, 'Routes, in order', routeLines(routes));
  }
  if (outcome !== undefined) {
    const fault = routes.find(({ verdict }) => verdict === 'chosen')?.route.fault;
    section(lines, 'What the route does', [...pairs(faultLines(fault)), ...outcomeLines(outcome)]);
  }
  for (const cluster of clusters) section(lines, `Cluster ${cluster.name}`, clusterLines(cluster));
  section(
    lines,
    'Made from',
    objects.map((reference) => `  ${objectText(reference)}`),
  );
  const unsupported = notApplied.map(
    ({ resourceType, resource, field, effect }) => `  ${resourceType} ${resource}: ${field}: ${effect}`,
  );
  section(lines, 'Not applied', unsupported);
  section(
    lines,
    'Note',
    notes.map((note) => `  - ${note}`),
  );
  return printable(lines.join('\n'));
}

function section(lines: string[], title: string, content: readonly string[]): void {
  if (content.length > 0) lines.push('', `${title}:`, ...content);
}

function answer({ managed, why, outcome, clusters, routes }: Explanation): string[] {
  if (!managed) {
    const would = outcome === undefined ? '' : ' What follows is what the control plane asks for.';
    return [
      `NOT MANAGED: ${why ?? 'it is no mesh host'}.`,
      `The call goes where the application dials it.${would}`,
    ];
  }
  const index = routes.findIndex(({ verdict }) => verdict === 'chosen');
  const by = index < 0 ? '' : ` by route ${index + 1}`;
  switch (outcome?.kind) {
    case undefined:
      return [`MANAGED: to ${clusters.map(summaryOf).join(', ')}`];
    case 'no-route':
      return ['MANAGED: answered with 404 (NR, no route matches)'];
    case 'preflight':
      return [`MANAGED: the CORS preflight is answered with 200${by}`];
    case 'redirect':
      return [`MANAGED: answered with ${outcome.status} to ${outcome.location}${by}`];
    case 'direct-response':
      return [`MANAGED: answered with ${outcome.status}${by}`];
    case 'forward': {
      const to = outcome.destinations.map(({ cluster, percent }) => {
        const found = clusters.find(({ name }) => name === cluster);
        return `${round(percent)} % ${found === undefined ? cluster : summaryOf(found)}`;
      });
      return [`MANAGED: forwarded${by} to ${to.join(', ')}`];
    }
  }
}

function summaryOf({
  name,
  host,
  port,
  subset,
  endpoints,
  cluster,
  passesThrough,
}: ClusterExplanation): string {
  if (passesThrough) return 'where the application dials';
  const where = host === undefined ? name : `${host}:${port}${subset ? ` subset ${subset}` : ''}`;
  if (cluster === undefined) return `${where} (NO SUCH CLUSTER: 503 NC)`;
  if (endpoints.length === 0) return `${where} (NO ENDPOINTS: 503 UH)`;
  return `${where} (${endpoints.length} endpoint${endpoints.length === 1 ? '' : 's'})`;
}

function asked({ node, source }: Explanation): string[][] {
  const labels = Object.entries(node.labels).map(([key, value]) => `${key}=${value}`);
  const account = node.serviceAccount === '' ? '' : `, service account ${node.serviceAccount}`;
  const identity = `pod ${node.podName}, namespace ${node.podNamespace}${account}, labels ${labels.join(',') || 'none'}`;
  if (source.kind === 'control-plane') {
    return [
      ['control plane', `${source.xds}, answered after ${source.answeredMs} ms`],
      ['as', identity],
    ];
  }
  const age = Math.max(0, Date.now() - source.savedAt);
  return [
    ['snapshot', source.file],
    ['written', `${new Date(source.savedAt).toISOString()}, ${duration(Math.round(age / 1000) * 1000)} ago`],
    ['as', identity],
  ];
}

const MARKS = { chosen: '=>', sometimes: '~>', no: '  ', later: '  ', broken: '!!' } as const;

function routeLines(routes: readonly RouteExplanation[]): string[] {
  const chosen = routes.findIndex(({ verdict }) => verdict === 'chosen');
  const first = chosen >= MOST_ROUTES ? chosen - MOST_ROUTES + 1 : 0;
  const shown = routes.slice(first, first + MOST_ROUTES);
  const lines = shown.flatMap((route) => oneRoute(route, chosen));
  if (shown.length < routes.length) lines.push(`  (${routes.length - shown.length} more; --json has all)`);
  return lines.length === 0 ? ['  none'] : lines;
}

function oneRoute(explained: RouteExplanation, chosen: number): string[] {
  const { index, route, verdict, conditions, problem } = explained;
  const name = route.name === '' ? '(no name)' : route.name;
  const from = route.origin === undefined ? '' : `, ${originText(route.origin)}`;
  const head = `  ${MARKS[verdict]} ${index + 1}. ${name}${from}: ${verdictText(explained, chosen)}`;
  if (verdict === 'broken') return [head, `        ${problem}`];
  return [head, ...conditions.map((condition) => `        ${conditionText(condition)}`)];
}

function verdictText({ verdict, fraction }: RouteExplanation, chosen: number): string {
  switch (verdict) {
    case 'chosen':
      return 'takes the call';
    case 'sometimes':
      return `takes ${fraction === undefined ? 'some' : `${fraction.numerator} of ${fraction.denominator}`} of such calls`;
    case 'no':
      return fraction?.numerator === 0 ? 'takes 0 % of calls' : 'does not match';
    case 'later':
      return `would match, but route ${chosen + 1} comes first`;
    case 'broken':
      return 'left out, it cannot be used';
  }
}

function conditionText({ subject, wanted, actual, holds }: Condition): string {
  const has = actual === null ? 'nothing' : JSON.stringify(actual);
  return `${holds ? 'ok' : 'NO'}  ${subject}: ${wanted}; the call has ${has}`;
}

function outcomeLines(outcome: Outcome): string[] {
  switch (outcome.kind) {
    case 'no-route':
      return [];
    case 'preflight':
      return changeLines('answer', outcome.headers);
    case 'redirect':
      return [`  status ${outcome.status}, location ${outcome.location}`];
    case 'direct-response':
      return [`  status ${outcome.status}, body ${JSON.stringify(outcome.body.slice(0, 200))}`];
    case 'forward':
      return [
        ...pairs(routePolicies(outcome)),
        ...outcome.destinations.flatMap((destination) => {
          const { cluster, percent, weight, path, authority, requestHeaders, responseHeaders } = destination;
          return [
            `  ${round(percent)} % (weight ${weight}) to ${cluster}`,
            `      sent as ${path}, Host ${authority}`,
            ...changeLines('    request', requestHeaders),
            ...changeLines('    response', responseHeaders),
          ];
        }),
      ];
  }
}

function changeLines(what: string, changes: readonly HeaderChange[]): string[] {
  return changes.map(
    ({ op, name, value }) => `  ${what}: ${op} ${name}${value === undefined ? '' : `: ${value}`}`,
  );
}

function clusterLines({
  cluster,
  origin,
  passesThrough,
  priorities,
  endpoints,
  notes,
}: ClusterExplanation): string[] {
  const lines: string[] = [];
  if (cluster !== undefined && !passesThrough) {
    lines.push(...pairs([['rule', origin === undefined ? 'no DestinationRule' : originText(origin)]]));
    lines.push(...pairs(clusterPolicies(cluster)));
    if (endpoints.length > 0) lines.push(...endpointLines({ endpoints, priorities }));
  }
  if (passesThrough) lines.push('  calls go where the application dials');
  return [...lines, ...notes.map((note) => `  ! ${note}`)];
}

function endpointLines({
  endpoints,
  priorities,
}: Pick<ClusterExplanation, 'endpoints' | 'priorities'>): string[] {
  const loads = priorities.map(
    ({ priority, load, panic, available, endpoints: all }) =>
      `priority ${priority} takes ${load} % (${available} of ${all} available${panic ? ', PANIC: health is ignored' : ''})`,
  );
  const rows = endpoints.slice(0, MOST_ENDPOINTS).map((endpoint) => [
    `${endpoint.address.includes(':') ? `[${endpoint.address}]` : endpoint.address}:${endpoint.port}`,
    // UNKNOWN counts as healthy, as in Envoy.
    endpoint.health === 'UNKNOWN' ? 'HEALTHY' : endpoint.health,
    String(endpoint.weight),
    String(endpoint.priority),
    endpoint.locality || '-',
    endpoint.tlsMode ?? '-',
    [endpoint.hostname, endpoint.workload].filter(Boolean).join(' ') || '-',
  ]);
  const header = ['endpoint', 'health', 'weight', 'priority', 'locality', 'tlsMode', 'workload'];
  const more = endpoints.length - rows.length;
  return [
    `  ${loads.join('; ')}`,
    ...table([header, ...rows], '    '),
    ...(more > 0 ? [`    (${more} more; --json has all)`] : []),
  ];
}

function pairs(lines: Lines): string[] {
  return table(
    lines.map(([name, value]) => [name.padEnd(9), value]),
    '  ',
  );
}

function originText({ kind, namespace, name }: ConfigOrigin): string {
  return `${kind} ${namespace}/${name}`;
}

function objectText({ kind, namespace, name, host }: ObjectReference): string {
  return name === undefined
    ? `${kind} of host ${host}, namespace ${namespace}`
    : `${kind} ${namespace}/${name}`;
}
