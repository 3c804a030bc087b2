import { strict as assert } from 'node:assert';
import { Recorder, recordedBytes } from '../../../hooks/http/recorder';

describe('the record of a body', () => {
  it('gives the writes again in order, each callback at most once', () => {
    const recorder = new Recorder(100);
    const told: string[] = [];
    const first = recorder.record('a', 'latin1', () => told.push('a'));
    const second = recorder.record('b', 'latin1', () => told.push('b'));
    first!();
    second!(new Error('the socket died'));
    const again = recorder.replay();
    assert.deepEqual(
      again.map(({ data }) => data),
      ['a', 'b'],
    );
    assert.equal(again[0]!.callback, null);
    again[1]!.callback!();
    assert.deepEqual(told, ['a', 'b']);
    recorder.drop();
  });

  it('copies buffers: the application may use its own again', () => {
    const recorder = new Recorder(100);
    const chunk = Buffer.from('abc');
    recorder.record(chunk, null, null);
    chunk.fill('x');
    assert.equal(String(recorder.replay()[0]!.data), 'abc');
    recorder.drop();
  });

  it('over the limit nothing is kept, and everything is given back', () => {
    const before = recordedBytes();
    const recorder = new Recorder(4);
    recorder.record('abc', 'latin1', null);
    assert.equal(recordedBytes(), before + 3);
    recorder.record('de', 'latin1', null);
    assert.equal(recorder.complete, false);
    assert.equal(recordedBytes(), before);
  });

  it('over the limit of the process nothing new is kept', () => {
    const before = recordedBytes();
    const recorders = Array.from({ length: 70 }, () => new Recorder(1024 * 1024));
    for (const recorder of recorders) recorder.record('x'.repeat(1024 * 1024), 'latin1', null);
    assert.equal(recorders.filter(({ complete }) => complete).length, 64);
    for (const recorder of recorders) recorder.drop();
    assert.equal(recordedBytes(), before);
  });

  it('once dropped, a failure is told', () => {
    const recorder = new Recorder(100);
    let told: unknown;
    const callback = recorder.record('a', 'latin1', (error) => {
      told = error;
    });
    recorder.drop();
    callback!(new Error('late'));
    assert.match(String(told), /late/);
  });
});
