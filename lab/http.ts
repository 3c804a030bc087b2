import { get } from 'node:http';

/** Body and status of a page; rejects when there is no answer within 5 s. */
export function fetchText(url: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, timeout: 5000 }, (response) => {
      const parts: string[] = [];
      response.setEncoding('utf8').on('data', (part: string) => parts.push(part));
      response.once('error', reject);
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body: parts.join('') }));
    });
    request.once('timeout', () => request.destroy(new Error(`${url} did not answer within 5 s`)));
    request.once('error', reject);
  });
}

/** Does the page answer 200? A refused connection is a no. */
export function answersOk(url: string): Promise<boolean> {
  return fetchText(url).then(
    ({ status }) => status === 200,
    () => false,
  );
}
