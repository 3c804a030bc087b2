import assert from 'node:assert/strict';
import type { CorsPolicy } from '../../../src/model';
import { cluster, forward, route } from '../../support/static-feed';
import { edits, header, localReply, REPLAYABLE, reviews, scene, TWO } from './scene';

const cors: CorsPolicy = {
  allowOrigins: [{ kind: 'exact', value: 'https://a.test', ignoreCase: false }],
  allowMethods: 'GET',
  allowHeaders: '',
  exposeHeaders: '',
  maxAge: '',
  allowCredentials: false,
  forwardNotMatchingPreflights: true,
};
const origin = 'https://a.test';

describe('a route with a CORS policy', () => {
  it('answers a preflight itself: 200, empty', () => {
    const { reply } = scene(reviews([route(forward('c'), '/', { cors })]));
    const headers = { origin, 'access-control-request-method': 'GET' };
    const answer = reply('/', { method: 'OPTIONS', headers });
    assert.deepEqual([answer.status, answer.body, answer.flag], [200, '', '']);
    assert.equal(header(answer, 'access-control-allow-origin'), origin);
    assert.equal(header(answer, 'content-length'), '0');
  });
  it('marks the answer of the upstream', () => {
    const begun = scene(reviews([route(forward('c'), '/', { cors })], [TWO])).call('/', {
      headers: { origin },
    });
    begun.next(0);
    const delivered = begun.response(1, 200, () => undefined, REPLAYABLE);
    assert.ok(delivered.kind === 'deliver');
    assert.ok(edits(delivered).includes(`set access-control-allow-origin: ${origin}`));
  });
  it('marks local answers too', () => {
    const model = reviews([route(forward('c'), '/', { cors })], [cluster('c', [])]);
    const answer = localReply(scene(model).call('/', { headers: { origin } }).next(0));
    assert.equal(header(answer, 'access-control-allow-origin'), origin);
  });
});
