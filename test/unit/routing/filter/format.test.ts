import assert from 'node:assert/strict';
import { compileFormat, Format, type FormatSource } from '../../../../src/routing/filter/format';

const source: FormatSource = {
  requestHeader: (name) => ({ ':path': '/a?b', 'x-source': 'web', 'x-empty': '' })[name],
  responseHeader: (name) => ({ 'x-r': 'resp' })[name],
  fact: (name) => ({ RESPONSE_CODE: '503' })[name],
};

function evaluate(value: string): string {
  const format = compileFormat(value);
  return typeof format === 'string' ? format : format.evaluate(source);
}

describe('command operators', () => {
  it('%REQ(:PATH)% is the path', () => assert.equal(evaluate('%REQ(:PATH)%'), '/a?b'));
  it('%REQ(X-Source)% is a header, whatever the case', () =>
    assert.equal(evaluate('<%REQ(X-Source)%>'), '<web>'));
  it('%REQ(X?Y)% is Y when X is absent', () => assert.equal(evaluate('%REQ(X-None?X-Source)%'), 'web'));
  it('%REQ(X):2% is cut', () => assert.equal(evaluate('%REQ(X-Source):2%'), 'we'));
  it('%RESP(X)% is a header of the response', () => assert.equal(evaluate('%RESP(X-R)%'), 'resp'));
  it('%RESPONSE_CODE% is a fact', () => assert.equal(evaluate('code=%RESPONSE_CODE%'), 'code=503'));
  it('%% is a percent sign', () => assert.equal(evaluate('100%%'), '100%'));
  it('an operator without a value is empty', () =>
    assert.equal(evaluate('a%REQ(X-None)%b%NO_SUCH%c'), 'abc'));
  it('a lone percent sign stays', () => assert.equal(evaluate('50% off'), '50% off'));
  it('a value without operators needs no evaluation', () => {
    assert.equal(compileFormat('plain'), 'plain');
    assert.equal(compileFormat('a%%b'), 'a%b');
    assert.ok(compileFormat('%REQ(a)%') instanceof Format);
  });
});
