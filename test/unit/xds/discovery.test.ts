/** Requests and responses of the discovery service, both ways. */

import { strict as assert } from 'node:assert';
import { fromStruct, toStruct } from '../../../src/xds';
import {
  decodeDeltaRequest,
  decodeDeltaResponse,
  decodeSotwRequest,
  decodeSotwResponse,
  encodeDeltaRequest,
  encodeDeltaResponse,
  encodeSotwRequest,
  encodeSotwResponse,
} from '../../../src/xds/discovery';

const NODE = {
  id: 'sidecar~10.0.0.1~web.shop~shop.svc.cluster.local',
  cluster: 'web',
  metadata: { NAMESPACE: 'shop', LABELS: { app: 'web' }, LIST: [1, true, null, 'x'] },
  locality: { region: 'r', zone: 'z', subZone: 's' },
  userAgentName: 'inmesh',
  userAgentVersion: '0.1.0',
};

describe('xds: discovery messages', () => {
  it('a delta request', () => {
    const request = {
      typeUrl: 't',
      node: NODE,
      subscribe: ['a', 'b'],
      unsubscribe: ['c'],
      initialResourceVersions: { a: '1' },
      responseNonce: 'n',
      errorDetail: { code: 3, message: 'bad' },
    };
    assert.deepEqual(decodeDeltaRequest(encodeDeltaRequest(request)), request);
  });

  it('a delta response', () => {
    const response = {
      typeUrl: 't',
      nonce: 'n',
      systemVersionInfo: 'v',
      controlPlane: 'istiod',
      removedResources: ['gone'],
      resources: [{ name: 'a', version: '', typeUrl: 't', value: Buffer.from('bytes') }],
    };
    assert.deepEqual(decodeDeltaResponse(encodeDeltaResponse(response)), response);
  });

  it('a state-of-the-world request and response', () => {
    const request = {
      typeUrl: 't',
      node: NODE,
      versionInfo: 'v',
      resourceNames: ['a'],
      responseNonce: 'n',
      errorDetail: undefined,
    };
    assert.deepEqual(decodeSotwRequest(encodeSotwRequest(request)), request);
    const response = {
      typeUrl: 't',
      nonce: 'n',
      versionInfo: 'v',
      controlPlane: undefined,
      resources: [{ typeUrl: 't', value: Buffer.from('bytes') }],
    };
    assert.deepEqual(decodeSotwResponse(encodeSotwResponse(response)), response);
  });

  it('a struct with the key __proto__ is data', () => {
    const json = JSON.parse('{"__proto__": {"polluted": true}}');
    const back = fromStruct(toStruct(json));
    assert.equal(Object.getPrototypeOf(back), Object.prototype);
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
  });
});
