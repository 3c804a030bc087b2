import { strict as assert } from 'node:assert';
import { WrappedWhile } from '../../../hooks/nacos/wrapped-while';

class Client {
  ask(): string {
    return 'answer';
  }
}

describe('a method that is wrapped while somebody needs it', () => {
  const [one, other] = [{}, {}];

  function scene() {
    class Own extends Client {
      override ask(): string {
        return 'own';
      }
    }
    const { prototype } = Own;
    const wrapped = new WrappedWhile(
      prototype as unknown as Record<'ask', () => unknown>,
      'ask',
      (original) => {
        return function ask(this: never) {
          return `[${original.call(this)}]`;
        };
      },
    );
    return { client: new Own(), prototype, wrapped, native: prototype.ask };
  }

  it('is the original before and after, whoever needs it last', () => {
    const { client, prototype, wrapped, native } = scene();
    assert.equal(prototype.ask, native);
    wrapped.need(one, true);
    wrapped.need(one, true);
    wrapped.need(other, true);
    assert.equal(client.ask(), '[own]');
    assert.equal(Object.getOwnPropertyDescriptor(prototype, 'ask')!.enumerable, false);
    wrapped.need(one, false);
    assert.equal(client.ask(), '[own]');
    wrapped.need(other, false);
    assert.equal(prototype.ask, native);
    wrapped.need(other, false);
    assert.equal(prototype.ask, native);
  });

  it('leaves alone what somebody else has put over it, and is there once when it is needed again', () => {
    const { client, prototype, wrapped } = scene();
    wrapped.need(one, true);
    const below = prototype.ask;
    const theirs = function (this: Client) {
      return `<${below.call(this as never)}>`;
    };
    prototype.ask = theirs;
    wrapped.need(one, false);
    assert.equal(prototype.ask, theirs);
    wrapped.need(one, true);
    assert.equal(client.ask(), '<[own]>');
  });

  it('wraps what was put there while nobody needed it, and gives it back', () => {
    const { client, prototype, wrapped } = scene();
    wrapped.need(one, true);
    wrapped.need(one, false);
    const theirs = () => 'theirs';
    prototype.ask = theirs;
    wrapped.need(one, true);
    assert.equal(client.ask(), '[theirs]');
    wrapped.need(one, false);
    assert.equal(prototype.ask, theirs);
  });
});
