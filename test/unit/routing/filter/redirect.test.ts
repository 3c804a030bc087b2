import assert from 'node:assert/strict';
import type { RedirectAction } from '../../../../src/model';
import { Redirect } from '../../../../src/routing/filter/redirect';
import { compilePathMatch } from '../../../../src/routing/match/path';
import { RegexPool } from '../../../../src/routing/match/regex-pool';
import { type HeadChanges, matchInput } from '../../../support/http-head';

function location(action: Partial<RedirectAction>, target: string, changes: HeadChanges = {}): string {
  const matcher = compilePathMatch({ kind: 'prefix', value: '/old', caseSensitive: true }, new RegexPool());
  const redirect = new Redirect({ kind: 'redirect', status: 301, stripQuery: false, ...action }, matcher);
  return redirect.location(matchInput(target, changes));
}
const withPort = { authority: 'reviews.shop:8080' };

describe('redirect location', () => {
  it('is always absolute and keeps host, port and path of the request', () => {
    assert.equal(location({}, '/old/x', withPort), 'http://reviews.shop:8080/old/x');
  });
  it('an empty path means the path is kept', () => {
    assert.equal(location({ path: '' }, '/old/x'), 'http://reviews/old/x');
  });
  it('keeps the query, also when the path is replaced', () => {
    assert.equal(location({ path: '/new' }, '/old?a=1', withPort), 'http://reviews.shop:8080/new?a=1');
  });
  it("a query of the rule's own path wins", () => {
    assert.equal(location({ path: '/new?b=2' }, '/old?a=1'), 'http://reviews/new?b=2');
  });
  it('stripQuery takes the query away', () => {
    assert.equal(location({ path: '/new', stripQuery: true }, '/old?a=1'), 'http://reviews/new');
    assert.equal(location({ stripQuery: true }, '/old?a=1'), 'http://reviews/old');
  });
  it('with scheme https the port 8080 stays', () => {
    assert.equal(location({ scheme: 'https' }, '/old', withPort), 'https://reviews.shop:8080/old');
  });
  it('with another scheme the default port of the old one goes', () => {
    assert.equal(location({ scheme: 'https' }, '/old', { authority: 'reviews:80' }), 'https://reviews/old');
  });
  it('with authority set there is no port', () => {
    assert.equal(location({ host: 'd.test' }, '/old', withPort), 'http://d.test/old');
  });
  it('authority and port: both are written (derivePort FROM_REQUEST_PORT)', () => {
    assert.equal(location({ host: 'd.test', port: 8080 }, '/r', withPort), 'http://d.test:8080/r');
  });
  it('port: 9090 replaces it', () => {
    assert.equal(location({ port: 9090 }, '/old', withPort), 'http://reviews.shop:9090/old');
    assert.equal(location({ port: 9090 }, '/old'), 'http://reviews:9090/old');
  });
  it('knows IPv6 hosts', () => {
    assert.equal(location({ port: 9090 }, '/old', { authority: '[::1]:80' }), 'http://[::1]:9090/old');
    assert.equal(location({ port: 9090 }, '/old', { authority: '[::1]' }), 'http://[::1]:9090/old');
  });
  it('prefixRewrite replaces the matched prefix', () => {
    assert.equal(location({ prefixRewrite: '/new' }, '/old/x?q'), 'http://reviews/new/x?q');
  });
  it('regexRewrite rewrites the path', () => {
    const regexRewrite = { regex: '/old/([a-z]+)', substitution: '/\\1' };
    assert.equal(location({ regexRewrite }, '/old/x?q'), 'http://reviews/x?q');
  });
});
