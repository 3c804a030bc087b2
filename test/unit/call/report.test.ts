import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { CALL_CHANNEL, createCallReport } from '../../../src/observe/call-report';
import { forward, route } from '../../support/static-feed';
import { attempt, REPLAYABLE, reviews, scene } from './scene';

describe('a call that ended', () => {
  const model = reviews([route(forward('c'))]);
  it('is reported once, with host, cluster, endpoint, attempts, flag, status and time', () => {
    const { call, records } = scene(model, { currentRoute: () => '/orders/:id' });
    const begun = call('/', {}, 10);
    const { endpoint } = attempt(begun.next(11));
    begun.response(12, 201, () => undefined, REPLAYABLE);
    begun.responseEnded(13, true);
    begun.end(15);
    begun.end(16, 'DC');
    assert.deepEqual(records, [
      {
        host: 'reviews',
        cluster: 'c',
        endpoint: `${endpoint.address}:80`,
        attempts: 1,
        flag: '',
        status: 201,
        ms: 5,
        route: '/orders/:id',
      },
    ]);
  });
  it('given up by the application: DC', () => {
    const { call, records } = scene(model);
    const begun = call();
    begun.next(0);
    begun.end(1, 'DC');
    assert.deepEqual([records[0]?.flag, records[0]?.status], ['DC', 0]);
  });
  it('whose body broke off: UC', () => {
    const { call, records } = scene(model);
    const begun = call();
    begun.next(0);
    begun.response(1, 200, () => undefined, REPLAYABLE);
    begun.responseEnded(2, false);
    begun.end(2);
    assert.equal(records[0]?.flag, 'UC');
  });
});

describe('the report', () => {
  const lines: [string, string, string | undefined][] = [];
  const report = createCallReport({
    line: (_level, event, message, _fields, key) => lines.push([event, message, key]),
  });
  const record = {
    host: 'reviews',
    cluster: 'c',
    endpoint: 'e',
    attempts: 2,
    flag: 'URX,UF',
    status: 503,
    ms: 7,
  };

  it('wants nothing of good calls without subscribers', () => {
    assert.equal(report.wanted(''), false);
    assert.equal(report.wanted('UH'), true);
  });
  it('publishes every call on inmesh:call once somebody subscribes', () => {
    const seen: unknown[] = [];
    const listener = (message: unknown) => seen.push(message);
    subscribe(CALL_CHANNEL, listener);
    assert.equal(report.wanted(''), true);
    report.ended({ ...record, flag: '' });
    unsubscribe(CALL_CHANNEL, listener);
    assert.deepEqual(seen, [{ ...record, flag: '' }]);
    assert.equal(report.wanted(''), false);
  });
  it('writes one line per host and response flag, in words', () => {
    report.ended(record);
    const [event, message, key] = lines.at(-1)!;
    assert.equal(event, 'call.flag');
    assert.equal(
      message,
      'a call to reviews ended with URX,UF (all retries are used up; the upstream could not be reached)',
    );
    assert.equal(key, 'reviews URX,UF');
  });
});
