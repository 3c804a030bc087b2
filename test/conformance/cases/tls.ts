/** TLS that the sidecar begins: DestinationRules with SIMPLE and MUTUAL. `s1` and `s2` speak TLS, `s3` wants a certificate. */

import type { CaseGroup } from '../bed';
import { object, rule, service, virtualService } from './base';

function secured(tls: string, endpoints: readonly string[] = ['s1'], more = ''): string {
  return service(endpoints) + rule(`trafficPolicy: {tls: ${tls}${more}}`);
}
const CA = 'caCertificates: $certs/ca.pem';
const CLIENT = 'clientCertificate: $certs/client.pem, privateKey: $certs/client-key.pem';
const NO_RETRIES = virtualService('- retries: {attempts: 0}\n  route: [{destination: {host: $host}}]');

export const TLS: CaseGroup = {
  title: 'TLS to upstreams',
  cases: [
    {
      title: 'tls SIMPLE: the SNI is the host of the request, and the certificate must be for it',
      yaml: secured(`{mode: SIMPLE, ${CA}}`),
      requests: [
        {},
        { method: 'POST', body: 'hello' },
        { headers: { host: '$host:80' } },
        { steps: [{ status: 503 }] },
      ],
      expect: ['s1', 's1', 's1', '503 s1'],
    },
    {
      title: 'tls SIMPLE: a name of the service that the certificate is not for',
      yaml: secured(`{mode: SIMPLE, ${CA}}`),
      requests: [{ host: '$name' }],
      expect: '503',
    },
    {
      title: 'tls SIMPLE: connections are reused',
      yaml: secured(`{mode: SIMPLE, ${CA}}`),
      requests: [{ times: 6 }],
      connections: true,
      expect: 's1',
    },
    {
      title: 'tls SIMPLE with sni: no name is verified',
      yaml: secured(`{mode: SIMPLE, sni: else.test, ${CA}}`),
      requests: [{}, { host: '$name' }],
      expect: 's1',
    },
    {
      title: 'tls SIMPLE with sni and subjectAltNames: one of them is enough',
      yaml: secured(`{mode: SIMPLE, sni: x.test, ${CA}, subjectAltNames: [no.test, SNI.test]}`),
      requests: [{}],
      expect: 's1',
    },
    {
      title: 'tls subjectAltNames: a URI',
      yaml: secured(`{mode: SIMPLE, ${CA}, subjectAltNames: ["spiffe://cluster.local/ns/shop/sa/backend"]}`),
      requests: [{}],
      expect: 's1',
    },
    {
      title: 'tls subjectAltNames: an address',
      yaml: secured(`{mode: SIMPLE, ${CA}, subjectAltNames: [240.9.9.9]}`),
      requests: [{}],
      expect: 's1',
    },
    {
      title: 'tls subjectAltNames: none of them',
      yaml: secured(`{mode: SIMPLE, ${CA}, subjectAltNames: [no.test, test]}`),
      requests: [{}],
      expect: '503',
    },
    {
      title: 'tls subjectAltNames: a wildcard of the certificate within a label',
      yaml: secured(`{mode: SIMPLE, ${CA}, subjectAltNames: [bxyz.wild.test]}`),
      requests: [{}],
      expect: 's1',
    },
    {
      title: 'tls subjectAltNames: a wildcard is no more than one label',
      yaml: secured(`{mode: SIMPLE, ${CA}, subjectAltNames: [a.b.shop.svc.cluster.local]}`),
      requests: [{}],
      expect: '503',
    },
    {
      title: 'tls SIMPLE: another root',
      yaml: secured('{mode: SIMPLE, caCertificates: $certs/other-ca.pem}'),
      requests: [{}],
      expect: '503',
    },
    {
      title: 'tls SIMPLE: another root, no retries',
      yaml: secured('{mode: SIMPLE, caCertificates: $certs/other-ca.pem}') + NO_RETRIES,
      requests: [{}],
      expect: '503',
    },
    {
      title: 'tls SIMPLE: a list of revoked certificates',
      yaml: secured(`{mode: SIMPLE, ${CA}, caCrl: $certs/crl.pem}`),
      requests: [{}],
      expect: 's1',
    },
    {
      title: 'tls SIMPLE: the certificate is revoked',
      yaml: secured(`{mode: SIMPLE, ${CA}, caCrl: $certs/revoked-crl.pem}`),
      requests: [{}],
      expect: '503',
    },
    {
      title: 'tls SIMPLE: insecureSkipVerify',
      yaml: secured('{mode: SIMPLE, insecureSkipVerify: true}'),
      requests: [{}, { host: '$name' }],
      expect: 's1',
    },
    {
      title: 'tls SIMPLE to a backend without TLS',
      yaml: secured(`{mode: SIMPLE, ${CA}}`, ['b1']),
      requests: [{}],
      expect: '503',
    },
    {
      title: 'tls SIMPLE, refused',
      yaml: secured(`{mode: SIMPLE, ${CA}}`, ['- {address: 127.0.0.1, ports: {http: $refused}}']),
      requests: [{}],
      expect: '503',
    },
    {
      title: 'tls SIMPLE: the endpoint that refuses is left for the other one',
      yaml: secured(
        `{mode: SIMPLE, ${CA}}`,
        ['- {address: 127.0.0.1, ports: {http: $refused}}', 's1'],
        ', loadBalancer: {simple: ROUND_ROBIN}',
      ),
      requests: [{ times: 4 }],
      backends: 'count',
      tolerate: {
        'request header x-envoy-attempt-count': 'which call is whose turn depends on the first pick',
      },
      expect: 's1',
    },
    {
      title: 'tls MUTUAL',
      yaml: secured(`{mode: MUTUAL, ${CA}, ${CLIENT}}`, ['s3']),
      requests: [{}, { method: 'POST', body: 'hello' }],
      expect: 's3',
    },
    {
      title: 'tls MUTUAL: the backend does not know the client',
      yaml:
        secured(
          `{mode: MUTUAL, ${CA}, clientCertificate: $certs/stranger.pem, privateKey: $certs/stranger-key.pem}`,
          ['s3'],
        ) + NO_RETRIES,
      requests: [{}],
      expect: '503',
    },
    {
      title: 'tls SIMPLE to a backend that wants a certificate',
      yaml: secured(`{mode: SIMPLE, ${CA}}`, ['s3']) + NO_RETRIES,
      requests: [{}],
      expect: '503',
    },
    {
      title: 'tls: caCertificates that are not there',
      yaml: secured('{mode: SIMPLE, caCertificates: $certs/missing.pem}') + NO_RETRIES,
      requests: [{}, { method: 'POST', body: 'hello' }],
      expect: '503',
    },
    {
      title: 'tls: a clientCertificate that is not there',
      yaml: secured(
        `{mode: MUTUAL, ${CA}, clientCertificate: $certs/missing.pem, privateKey: $certs/client-key.pem}`,
        ['s3'],
      ),
      requests: [{}],
      expect: '503',
    },
    {
      title: 'tls with a rewrite of the host: SNI and name follow what is sent',
      yaml:
        secured(`{mode: SIMPLE, ${CA}}`) +
        virtualService(
          '- match: [{uri: {prefix: /else}}]\n  rewrite: {authority: else.test}\n  route: [{destination: {host: $host}}]\n- rewrite: {authority: "sni.test:99"}\n  route: [{destination: {host: $host}}]',
        ),
      requests: [{}, { path: '/else' }],
      expect: ['s1', '503'],
    },
    {
      title: 'tls of a subset and of a port',
      yaml:
        service(['s1', '- {address: 127.0.0.1, ports: {http: $b2, http-alt: $s2}, labels: {version: v2}}']) +
        rule(
          `subsets: [{name: tls, labels: {version: v1}, trafficPolicy: {tls: {mode: SIMPLE, ${CA}}}}, {name: port, labels: {version: v2}, trafficPolicy: {portLevelSettings: [{port: {number: 8080}, tls: {mode: SIMPLE, ${CA}}}]}}]`,
        ) +
        virtualService(
          '- match: [{uri: {prefix: /s}}]\n  route: [{destination: {host: $host, subset: tls}}]\n- route: [{destination: {host: $host, subset: port}}]',
        ),
      requests: [{ path: '/s' }, {}, { port: 8080 }],
      expect: ['s1', 'b2', 's2'],
    },
    {
      title: 'tls with circuit breakers: connections are counted',
      yaml: secured(`{mode: SIMPLE, ${CA}}`, ['s1'], ', connectionPool: {tcp: {maxConnections: 1}}'),
      requests: [{ steps: [{ delay: 50 }], times: 4 }],
      together: true,
      connections: true,
      expect: 's1',
    },
    {
      title: 'tls of a mirror',
      yaml:
        service(['b1']) +
        service(['s2'], 'copy-$name.shop.svc.cluster.local', 'copy-$name') +
        object(
          'DestinationRule',
          'copy-$name',
          `host: copy-$name.shop.svc.cluster.local\ntrafficPolicy: {tls: {mode: SIMPLE, ${CA}, sni: sni.test}}`,
        ) +
        virtualService(
          '- route: [{destination: {host: $host}}]\n  mirrors: [{destination: {host: copy-$name.shop.svc.cluster.local}}]',
        ),
      requests: [{}, { pauseMs: 300, method: 'POST', body: 'copy' }, { pauseMs: 300 }],
      mirrored: true,
    },
    {
      title: 'tls DISABLE',
      yaml: service(['b1']) + rule(`trafficPolicy: {tls: {mode: DISABLE}}`),
      requests: [{}],
      expect: 'b1',
    },
  ],
};
