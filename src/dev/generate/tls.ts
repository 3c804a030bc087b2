/** TLS of a cluster: the DestinationRule's, or auto-mTLS by the endpoint's `tlsMode`. */

import { EXTENSION_TYPE, toStruct } from '../../xds';
import type { ClientTls } from '../api';
import type { Service } from '../mesh';
import { any, type ClusterPb, type HttpOptionsPb, pb } from './pb';

type TlsContextPb = pb.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext.$Properties;
type CommonTlsPb = NonNullable<TlsContextPb['commonTlsContext']>;
type SocketPb = pb.envoy.config.core.v3.TransportSocket.$Properties;

const { TlsProtocol } = pb.envoy.extensions.transport_sockets.tls.v3.TlsParameters;
const { DiscoveryType } = pb.envoy.config.cluster.v3.Cluster;

export interface TlsOptions {
  readonly tls: ClientTls | undefined;
  readonly service: Service;
  /** Of the service and its endpoints. */
  readonly accounts: readonly string[];
  /** `outbound_.80_.v1_.host`. */
  readonly sni: string;
  /** The rule has a workload selector: only then a sidecar may name a credential. */
  readonly selected: boolean;
  /** Not all endpoints of a passed-through service take mTLS. */
  readonly plaintextOnly: boolean;
}

export function applyTls(cluster: ClusterPb, http: HttpOptionsPb, options: TlsOptions): void {
  const { tls, service, accounts, sni } = options;
  const http2 = http.explicitHttpConfig?.http2ProtocolOptions !== undefined;
  if (!tls) {
    if (service.external || options.plaintextOnly) return;
    const socket = tlsSocket(mutualTls(sni, accounts, http2));
    if (cluster.type === DiscoveryType.ORIGINAL_DST) cluster.transportSocket = socket;
    else cluster.transportSocketMatches = autoMtls(socket);
    return;
  }
  switch (tls.mode ?? 'DISABLE') {
    case 'DISABLE':
      return;
    case 'ISTIO_MUTUAL':
      cluster.transportSocket = tlsSocket(mutualTls(tls.sni || sni, tls.subjectAltNames ?? accounts, http2));
      return;
    default:
      if (tls.credentialName && !tls.credentialName.startsWith('configmap://') && !options.selected) return;
      cluster.transportSocket = tlsSocket(ownTls(http, options, tls, http2));
  }
}

function autoMtls(socket: SocketPb): ClusterPb['transportSocketMatches'] {
  return [
    { name: 'tlsMode-istio', match: toStruct({ tlsMode: 'istio' }), transportSocket: socket },
    {
      name: 'tlsMode-disabled',
      match: toStruct({}),
      transportSocket: {
        name: 'envoy.transport_sockets.raw_buffer',
        typedConfig: { type_url: EXTENSION_TYPE.rawBuffer, value: new Uint8Array(0) },
      },
    },
  ];
}

function mutualTls(sni: string, subjectAltNames: readonly string[], http2: boolean): TlsContextPb {
  return {
    sni,
    commonTlsContext: {
      ...versions(),
      alpnProtocols: http2 ? ['istio-peer-exchange', 'istio', 'h2'] : ['istio-peer-exchange', 'istio'],
      tlsCertificateSdsSecretConfigs: [secret('default')],
      combinedValidationContext: {
        defaultValidationContext: { matchSubjectAltNames: subjectAltNames.map((exact) => ({ exact })) },
        validationContextSdsSecretConfig: secret('ROOTCA'),
      },
    },
  };
}

/** SIMPLE and MUTUAL with files or a credential. */
function ownTls(http: HttpOptionsPb, { accounts }: TlsOptions, tls: ClientTls, http2: boolean): TlsContextPb {
  const insecure = tls.insecureSkipVerify ?? false;
  const autoSni = !tls.sni;
  const autoSanValidation = autoSni && !tls.subjectAltNames?.length && !insecure;
  if (autoSni || autoSanValidation) http.upstreamHttpProtocolOptions = { autoSni, autoSanValidation };
  const subjectAltNames = tls.subjectAltNames?.length ? tls.subjectAltNames : accounts;
  const common: CommonTlsPb = versions();
  if (http2) common.alpnProtocols = ['h2'];
  const names = tls.credentialName ? credentialSecrets(tls.credentialName) : fileSecrets(tls);
  if (tls.mode === 'MUTUAL' && names.certificate) {
    common.tlsCertificateSdsSecretConfigs = [secret(names.certificate)];
  }
  if (insecure || (names.root === undefined && !tls.credentialName)) {
    common.validationContext = {};
  } else {
    common.combinedValidationContext = {
      defaultValidationContext: {
        matchSubjectAltNames: subjectAltNames.map((exact) => ({ exact })),
        crl: tls.caCrl ? { filename: tls.caCrl } : undefined,
      },
      validationContextSdsSecretConfig: secret(names.root!),
    };
  }
  return { sni: tls.sni, commonTlsContext: common };
}

interface SecretNames {
  readonly certificate?: string;
  readonly root?: string;
}

/** Without a file of roots the system's are trusted. */
function fileSecrets({ caCertificates, clientCertificate, privateKey }: ClientTls): SecretNames {
  return {
    certificate: `file-cert:${clientCertificate ?? ''}~${privateKey ?? ''}`,
    root: caCertificates ? `file-root:${caCertificates}` : 'file-root:system',
  };
}

function credentialSecrets(credential: string): SecretNames {
  const name = credential.includes('://') ? credential : `kubernetes://${credential}`;
  return { certificate: name, root: `${name}-cacert` };
}

function tlsSocket(context: TlsContextPb): SocketPb {
  const { UpstreamTlsContext } = pb.envoy.extensions.transport_sockets.tls.v3;
  return {
    name: 'envoy.transport_sockets.tls',
    typedConfig: any(EXTENSION_TYPE.upstreamTls, UpstreamTlsContext, context),
  };
}

function versions(): CommonTlsPb {
  return {
    tlsParams: {
      tlsMinimumProtocolVersion: TlsProtocol.TLSv1_2,
      tlsMaximumProtocolVersion: TlsProtocol.TLSv1_3,
    },
  };
}

function secret(name: string) {
  return { name };
}
