import assert from 'node:assert/strict';
import { DeltaAnswers } from '../../../../src/bridge/mcp/delta-answers';
import { Rendering } from '../../../../src/bridge/mcp/rendering';
import { decodeDeltaResponse, pb } from '../../../../src/xds';
import { servedEntry } from '../../../support/bridge/scripted-content';

const typeUrl = 'networking.istio.io/v1/ServiceEntry';
const { Resource } = pb.istio.mcp.v1alpha1;

function view(services: Readonly<Record<string, readonly string[]>>) {
  const names = Object.keys(services).sort();
  const entries = new Map(
    names.map((name) => [`inmesh-registry/${name}` as const, servedEntry(name, services[name]!)] as const),
  );
  return Rendering.of({ entries }).view('default');
}

/** What the client is sent, or undefined. */
function next(answers: DeltaAnswers, of: ReturnType<typeof view> | undefined, due = false) {
  const answer = answers.next(typeUrl, of, due);
  if (!answer) return undefined;
  const { resources, removedResources, nonce } = decodeDeltaResponse(Buffer.concat(answer.pieces));
  for (const { name, version, value, typeUrl: type } of resources) {
    assert.equal(type, 'type.googleapis.com/istio.mcp.v1alpha1.Resource');
    const { metadata } = Resource.decode(value);
    assert.deepEqual([metadata!.name, metadata!.version], [name, version]);
  }
  assert.equal(nonce, answer.nonce);
  const short = (name: string) => name.replace('inmesh-registry/', '');
  return [resources.map(({ name }) => short(name)), removedResources.map(short)];
}

describe('bridge: the delta protocol', () => {
  it('a subscription to nothing in particular is one to everything: all, then what changes', () => {
    const answers = new DeltaAnswers();
    assert.equal(answers.subscribe({ typeUrl }, true), true);
    assert.deepEqual(next(answers, view({ a: [], b: [] }), true), [['a', 'b'], []]);
    assert.equal(next(answers, view({ a: [], b: [] })), undefined);
    assert.deepEqual(next(answers, view({ a: ['10.0.0.1:1'], c: [] })), [['a', 'c'], ['b']]);
    assert.equal(answers.subscribe({ typeUrl, responseNonce: '1' }, false), false);
  });

  it('what a client says it still has is not sent again', () => {
    const all = view({ a: [], b: [] });
    const known = Object.fromEntries([...all.parts].map(([name, { version }]) => [name, version]));
    const answers = new DeltaAnswers();
    const initialResourceVersions = { ...known, 'inmesh-registry/b': 'old', 'inmesh-registry/gone': 'x' };
    answers.subscribe({ typeUrl, initialResourceVersions }, true);
    assert.deepEqual(next(answers, all, true), [['b'], ['gone']]);
    const same = new DeltaAnswers();
    same.subscribe({ typeUrl, initialResourceVersions: known }, true);
    assert.deepEqual(next(same, all, true), [[], []]);
  });

  it('names: only those, what is asked for again is sent again, what does not exist is removed', () => {
    const answers = new DeltaAnswers();
    answers.subscribe({ typeUrl, subscribe: ['inmesh-registry/a', 'inmesh-registry/x'] }, true);
    const all = view({ a: [], b: [] });
    assert.deepEqual(next(answers, all, true), [['a'], ['x']]);
    assert.equal(next(answers, view({ a: [], b: ['10.0.0.1:1'] })), undefined);
    assert.equal(answers.subscribe({ typeUrl, subscribe: ['inmesh-registry/a'] }, false), true);
    assert.deepEqual(next(answers, all, true), [['a'], ['x']]);
    answers.subscribe({ typeUrl, unsubscribe: ['inmesh-registry/a', 'inmesh-registry/x'] }, false);
    assert.equal(next(answers, view({ b: [] })), undefined);
    answers.subscribe({ typeUrl, subscribe: ['*'] }, false);
    assert.deepEqual(next(answers, all, true), [['a', 'b'], []]);
  });

  it('a type of which there is nothing is answered once', () => {
    const answers = new DeltaAnswers();
    answers.subscribe({ typeUrl }, true);
    assert.deepEqual(next(answers, undefined, true), [[], []]);
    assert.equal(next(answers, undefined), undefined);
  });
});
