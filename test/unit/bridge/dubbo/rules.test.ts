import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { parseRule, type Rule } from '../../../../src/bridge/dubbo';
import { ruled } from '../../../../src/bridge/dubbo/rules';

function rule(configs: string, head = 'scope: service\nkey: g1/a.B:1.0\nenabled: true'): Rule {
  const found = parseRule(`configVersion: v3.0\n${head}\nconfigs:\n${configs}`);
  assert.notEqual(typeof found, 'string', String(found));
  return found as Rule;
}

function ruledBy(text: string, address = '10.0.0.1', port = 20880): string {
  const { overrides, notApplied } = rule(text);
  assert.deepEqual(notApplied, []);
  const { weight, enabled } = ruled({ weight: 100, enabled: true }, { address, port }, overrides);
  return `${weight}${enabled ? '' : ' off'}`;
}

describe('rules that every consumer applies', () => {
  const everybody = '- side: consumer\n  addresses: ["0.0.0.0"]\n';

  it('weight and disabled, of the providers that are named', () => {
    const one = '  providerAddresses: ["10.0.0.1:20880"]\n';
    assert.equal(ruledBy(`${everybody}${one}  parameters: {weight: 1}`), '1');
    assert.equal(ruledBy(`${everybody}${one}  parameters: {weight: 1}`, '10.0.0.2'), '100');
    assert.equal(ruledBy(`${everybody}${one}  parameters: {weight: 1}`, '10.0.0.1', 1), '100');
    assert.equal(ruledBy(`${everybody}${one}  parameters: {disabled: true}`), '100 off');
    assert.equal(ruledBy(`${everybody}${one}  parameters: {weight: "0", disabled: "false"}`), '0');
  });

  it('any provider: none named, 0.0.0.0, with or without a port', () => {
    for (const named of ['', '["0.0.0.0"]', '["0.0.0.0:20880"]', '["10.0.0.1"]', '["10.0.0.1:0"]']) {
      const addresses = named && `  providerAddresses: ${named}\n`;
      assert.equal(ruledBy(`${everybody}${addresses}  parameters: {weight: 5}`), '5', named);
    }
    assert.equal(ruledBy(`${everybody}  providerAddresses: ["0.0.0.0:1"]\n  parameters: {weight: 5}`), '100');
    assert.equal(
      ruledBy(`${everybody}  providerAddresses: ["[fe80::1]:7"]\n  parameters: {weight: 5}`, 'fe80::1', 7),
      '5',
    );
  });

  it('match.address is compared with the host, without the port', () => {
    const matching = (match: string) =>
      `- side: consumer\n  match: {address: ${match}}\n  parameters: {weight: 5}`;
    assert.equal(ruledBy(matching('{wildcard: "10.0.0.1"}')), '5');
    assert.equal(ruledBy(matching('{wildcard: "10.0.*.*"}')), '5');
    assert.equal(ruledBy(matching('{wildcard: "10.0.0.1-3"}')), '5');
    assert.equal(ruledBy(matching('{wildcard: "10.0.0.2-3"}')), '100');
    assert.equal(ruledBy(matching('{wildcard: "10.0.0.1:20880"}')), '100');
    assert.equal(ruledBy(matching('{wildcard: "*"}')), '5');
    assert.equal(ruledBy(matching('{cidr: "10.0.0.0/24"}')), '5');
    assert.equal(ruledBy(matching('{cidr: "10.1.0.0/24"}')), '100');
    assert.equal(ruledBy(matching('{exact: "10.0.0.1"}')), '5');
  });

  it('later items win', () => {
    assert.equal(
      ruledBy(`${everybody}  parameters: {weight: 5}\n${everybody}  parameters: {weight: 6}`),
      '6',
    );
  });

  it('without a side a rule is for consumers, too', () => {
    assert.equal(ruledBy('- parameters: {weight: 5}'), '5');
  });

  it('rules of the provider side, switched off, or of other parameters change nothing and are no problem', () => {
    for (const config of [
      '- side: provider\n  parameters: {weight: 7}',
      '- side: consumer\n  type: weighting\n  enabled: false\n  parameters: {weight: 7}',
      '- side: consumer\n  parameters: {timeout: 100}',
    ])
      assert.deepEqual(rule(config), { overrides: [], notApplied: [] }, config);
    assert.deepEqual(rule('- side: consumer\n  parameters: {weight: 7}', 'enabled: false').overrides, []);
    assert.deepEqual(parseRule(''), { overrides: [], notApplied: [] });
  });

  it('rules for some consumers are named, not applied', () => {
    for (const [config, head, said] of [
      [
        '- side: consumer\n  addresses: ["10.0.0.9"]\n  parameters: {weight: 7}',
        undefined,
        /single consumers/,
      ],
      ['- side: consumer\n  applications: [shop]\n  parameters: {weight: 7}', undefined, /`applications`/],
      ['- side: consumer\n  parameters: {weight: 7}', 'scope: application\nkey: shop', /one application/],
      [
        '- side: consumer\n  match: {application: {oneof: []}}\n  parameters: {weight: 7}',
        undefined,
        /application/,
      ],
      ['- side: consumer\n  match: {address: {cidr: x}}\n  parameters: {weight: 7}', undefined, /no CIDR/],
    ] as const) {
      const { overrides, notApplied } = rule(config, head);
      assert.deepEqual(overrides, []);
      assert.equal(notApplied.length, 1);
      assert.match(notApplied[0]!, said);
    }
  });

  it('what is no rule is a sentence', () => {
    for (const text of [
      'configs: [{side: consumer}]',
      'configs: [7]',
      '{',
      'configs: 7',
      'just words',
      '- a list',
      'a: &a [*a, *a]\nb: *c',
    ])
      assert.equal(typeof parseRule(text), 'string', text);
  });

  it('property: garbage never throws', () => {
    const value = fc.jsonValue({ maxDepth: 4 });
    const config = fc.record(
      {
        side: value,
        enabled: value,
        addresses: value,
        providerAddresses: value,
        parameters: value,
        match: value,
      },
      { requiredKeys: [] },
    );
    const text = fc.oneof(
      fc.string({ maxLength: 200 }),
      fc
        .record({ scope: value, enabled: value, configs: fc.oneof(value, fc.array(config)) })
        .map((all) => JSON.stringify(all)),
    );
    fc.assert(
      fc.property(text, (garbage) => {
        const found = parseRule(garbage);
        if (typeof found === 'string') return;
        const { weight } = ruled(
          { weight: 1, enabled: true },
          { address: '10.0.0.1', port: 1 },
          found.overrides,
        );
        assert.ok(Number.isFinite(weight));
      }),
      { seed: 3, numRuns: 1000 },
    );
  });
});
