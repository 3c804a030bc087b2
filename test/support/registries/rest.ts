/** One request to a registry's REST API; rejects with the answer when it is a refusal. */
export async function rest(method: string, url: string, body?: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method,
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(20_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text.slice(0, 500)}`);
  // Nacos says `ok` as JSON, and JSON as text.
  return /^[[{]/.test(text) ? JSON.parse(text) : text;
}
