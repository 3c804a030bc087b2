/** Issue 5, 9: whatever is wrong in the file, one clear sentence that names file, line, key and what to do. */
import assert from 'node:assert/strict';
import { formatConfigProblem, parseConfig, publishedSchema } from '../../../../src/bridge/config';
import type { Schema } from '../../../../src/bridge/config/describe';
import { mistakenFiles, textOf } from '../../../support/bridge/config-mistakes';

const SECRET = /^(password|secretKey|token|accessKey)$/;

describe('bridge: mistakes in bridge.yaml', function () {
  this.timeout(120_000);
  const files = [...mistakenFiles(publishedSchema as unknown as Schema)];

  it('every key of the schema mistyped, missing, of the wrong kind, form or size, in turn', () => {
    const wrong: string[] = [];
    for (const { title, text, path, says, at } of files) {
      const { config, problems } = parseConfig('bridge.yaml', text, {});
      const sentences = problems.map(formatConfigProblem);
      // A mistyped key that is required is missing, too.
      const others = problems.filter(({ message }) => !/^the key "\w+" is missing/.test(message));
      const [problem] = others.length > 0 ? others : problems;
      const complain = (what: string) => wrong.push(`${title}: ${what}\n${sentences.join('\n')}\n${text}`);
      if (config !== undefined || !problem) complain('is taken');
      else if (others.length > 1) complain('more than one sentence');
      else if (problem.path !== textOf(path)) complain(`not at ${textOf(path)}`);
      else if (!says.test(problem.message)) complain(`does not say ${says}`);
      else if (!at.test(text.split('\n')[problem.line - 1] ?? '')) complain(`line ${problem.line}`);
      else if (!/^bridge\.yaml:\d+:\d+: [^\n]+$/.test(formatConfigProblem(problem))) complain('no sentence');
      else if (SECRET.test(String(path.at(-1))) && problem.message.includes('7654321')) complain('a secret');
    }
    assert.deepEqual(wrong.slice(0, 5), [], `${wrong.length} of ${files.length}`);
  });

  it('which are all keys that there are, those in lists and those of every type of source', () => {
    const mistyped = files.filter(({ title }) => title.endsWith(': mistyped')).map(({ title }) => title);
    assert.ok(mistyped.length > 400, `${mistyped.length} keys`);
    assert.equal(new Set(files.map(({ title }) => title)).size, files.length);
    for (const key of [
      'mcp.tls.certFile',
      'convert.merge[0].from',
      'convert.joinKubernetes[0].portNames.grpc-web',
      'export.hosts[0].permissive',
      'export.nacos.tls.insecureSkipVerify',
      'sources[0].dubbo.askTimeoutMs (zookeeper)',
      'sources[0].zones (eureka)',
      'sources[0].tls.serverName (consul)',
      'sources[0].convert.overrides[0].match.service (nacos)',
      'sources[0].convert.endpointSelectors[0].labels (consul)',
      'sources[0].convert.relabel[0].to (eureka)',
    ])
      assert.ok(mistyped.includes(`${key}: mistyped`), key);
  });
});
