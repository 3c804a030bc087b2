/** What a real istiod has in its store of ServiceEntries, also when that is hundreds of megabytes of JSON. */

import type { Istiod } from '../../../lab';

/** Begins each element of the array, and stands nowhere in a ServiceEntry. */
const BEGINNING = '{"kind":"';

interface Config {
  readonly kind: string;
  readonly spec: {
    readonly hosts: readonly string[];
    readonly endpoints?: readonly {
      readonly address: string;
      readonly ports: Readonly<Record<string, number>>;
    }[];
  };
}

/** `ip:port` of the endpoints, sorted, each once, by host. */
export async function storedAddresses(istiod: Istiod): Promise<Map<string, string[]>> {
  const stored = new Map<string, string[]>();
  const take = (element: string) => {
    const { kind, spec } = JSON.parse(element) as Config;
    if (kind !== 'ServiceEntry') return;
    const addresses = (spec.endpoints ?? []).flatMap(({ address, ports }) =>
      Object.values(ports).map((port) => `${address}:${port}`),
    );
    stored.set(spec.hosts[0]!, [...new Set(addresses)].sort());
  };
  let rest = '';
  for await (const text of textOf(`http://${istiod.httpAddress}/debug/configz`)) {
    const elements = (rest + text).split(BEGINNING);
    rest = elements.pop()!;
    // Before the first is the bracket.
    for (const element of elements) if (element.includes('}')) take(closed(element));
    rest = BEGINNING + rest;
  }
  if (rest.includes('}')) take(closed(rest.slice(BEGINNING.length)));
  return stored;
}

async function* textOf(url: string): AsyncIterable<string> {
  const { body, status } = await fetch(url);
  if (!body || status !== 200) throw new Error(`${url}: ${status}`);
  const decoder = new TextDecoder();
  for await (const chunk of body) yield decoder.decode(chunk, { stream: true });
}

/** Without what stands between it and the next one. */
function closed(element: string): string {
  return BEGINNING + element.slice(0, element.lastIndexOf('}') + 1);
}
