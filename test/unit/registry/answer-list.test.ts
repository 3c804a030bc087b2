import assert from 'node:assert/strict';
import { AnswerList, type RegistryService, type Shape } from '../../../src/registry';

interface Row {
  readonly key: string;
  readonly weight: number;
  readonly from?: 'mesh';
}

const SHAPE = { key: ({ key }: Row) => key, weight: ({ weight }: Row) => weight } as Shape<Row>;

/** A service that counts its merges: the registry's rows from the second on, then the mesh's. */
class Service {
  revision = 0;
  merges = 0;
  heardLast: readonly string[] = [];
  mesh: readonly Row[] = [{ key: 'm', weight: 1, from: 'mesh' }];

  heard(keys: readonly string[]): void {
    this.revision++;
    this.heardLast = keys;
  }

  merge(rows: readonly Row[]): readonly Row[] {
    this.merges++;
    return this.mesh.length === 0 ? rows : [...rows.slice(1), ...this.mesh];
  }
}

const row = (key: string, weight = 1): Row => ({ key, weight });

describe('registry: lists whose records come anew with each answer', () => {
  let service: Service;
  let list: AnswerList<Row>;

  beforeEach(() => {
    service = new Service();
    list = new AnswerList(service as unknown as RegistryService, SHAPE);
  });

  it('are merged once as long as the answers say the same, and hold the records of each answer', () => {
    list.answered([row('a'), row('b')]);
    const answer = [row('a'), row('b')];
    const merged = list.answered(answer);
    assert.deepEqual(
      merged.map(({ key }) => key),
      ['b', 'm'],
    );
    assert.equal(merged[0], answer[1]);
    assert.notEqual(merged, list.answered(answer), 'applications may change what they get');
    assert.equal(service.merges, 1);
    assert.equal(list.records, answer);
  });

  it('are merged again when an answer says something else: addresses, weights, order, number', () => {
    const others = [
      [row('a'), row('c')],
      [row('a'), row('c', 2)],
      [row('c', 2), row('a')],
      [row('c', 2)],
      [],
    ];
    others.forEach((answer, at) => {
      list.answered(answer);
      assert.equal(service.merges, at + 1);
      assert.deepEqual(
        service.heardLast,
        answer.map(({ key }) => key),
      );
    });
  });

  it('are merged again when the mesh, the settings or the registry’s state may have changed', () => {
    const answer = [row('a')];
    list.answered(answer);
    service.mesh = [];
    service.revision++;
    assert.equal(list.answered(answer), answer, 'nothing to change');
    assert.equal(list.answered(answer), answer);
    assert.equal(service.merges, 2);
  });
});
