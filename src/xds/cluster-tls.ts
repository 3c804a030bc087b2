/**
 * What TLS a cluster asks for. istiod says auto-mTLS with `transport_socket_matches`, an explicit ISTIO_MUTUAL with
 * the SDS secrets `default` and `ROOTCA`, and files with SDS names (`file-cert:`, `file-root:`). What cannot be
 * verified as asked is refused, never weakened.
 */

import type { ClusterTls, TlsVersion, UpstreamTls } from '../model';
import type { HttpOptions } from './connection-pool';
import type { Findings } from './decoded';
import { unpack } from './extension';
import { pb } from './pb';
import { EXTENSION_TYPE } from './type-urls';
import { reportUnsupported } from './unsupported-fields';

type Cluster = pb.envoy.config.cluster.v3.Cluster;
type TransportSocket = pb.envoy.config.core.v3.TransportSocket.$Properties;
type TlsContext = pb.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext.$Properties;
type CommonTls = pb.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext.$Properties;
type Validation = pb.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext.$Properties;

const tls = pb.envoy.extensions.transport_sockets.tls.v3;

const NONE: ClusterTls = { kind: 'none' };
/** Names of istiod's own SDS secrets: the workload's certificate and the mesh's root. */
const WORKLOAD_CERT = 'default';
const MESH_ROOT = 'ROOTCA';
const FILE_CERT = 'file-cert:';
const FILE_ROOT = 'file-root:';
/** istiod's word for the operating system's roots. */
const SYSTEM_ROOTS = 'system';

/** Envoy's `TlsProtocol`; 0 = its default for clients, TLS 1.2 to 1.3. */
const VERSIONS = [undefined, 'TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;

/** `options`: the cluster's HttpProtocolOptions, which say whether the SNI is the request's host. */
export function clusterTls(
  findings: Findings,
  cluster: Cluster,
  options: HttpOptions | undefined,
): ClusterTls {
  const tls = clusterSocketTls(findings, cluster);
  if (tls.kind !== 'tls') return tls;
  const names = options?.upstreamHttpProtocolOptions;
  if (names?.overrideAutoSniHeader) {
    findings.invalid('upstream_http_protocol_options.override_auto_sni_header', 'is not supported');
  }
  return {
    ...tls,
    ...(names?.autoSni && tls.sni === undefined ? { autoSni: true } : {}),
    ...(names?.autoSanValidation ? { autoSanValidation: true } : {}),
  };
}

function clusterSocketTls(findings: Findings, cluster: Cluster): ClusterTls {
  if (cluster.transportSocketMatcher) findings.invalid('transport_socket_matcher', 'is not supported');
  const matches = cluster.transportSocketMatches;
  const mesh = matches.findIndex((entry) => entry.match?.fields?.['tlsMode']?.stringValue === 'istio');
  matches.forEach((entry, index) => {
    if (index === mesh || isPlain(entry.transportSocket)) return;
    findings.ignored(`transport_socket_matches[${index}] (${entry.name})`, 'it is chosen for no endpoint');
  });
  if (mesh >= 0) {
    const path = `transport_socket_matches[${mesh}].transport_socket`;
    const asked = socketTls(findings, matches[mesh]!.transportSocket, path);
    if (asked.kind === 'istio-mutual') return { ...asked, kind: 'auto' };
    return asked;
  }
  return socketTls(findings, cluster.transportSocket, 'transport_socket');
}

function isPlain(socket: TransportSocket | null | undefined): boolean {
  return !socket || socket.typedConfig?.type_url === EXTENSION_TYPE.rawBuffer || socket.name === RAW_BUFFER;
}

const RAW_BUFFER = 'envoy.transport_sockets.raw_buffer';

function socketTls(findings: Findings, socket: TransportSocket | null | undefined, path: string): ClusterTls {
  if (!socket || isPlain(socket)) return NONE;
  const field = `${path}.typed_config`;
  switch (socket.typedConfig?.type_url) {
    case EXTENSION_TYPE.upstreamTls: {
      const context = unpack(findings, field, socket.typedConfig, tls.UpstreamTlsContext);
      return context ? upstreamTls(findings, context, field) : NONE;
    }
    case EXTENSION_TYPE.proxyProtocol: {
      const type = pb.envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport;
      const outer = unpack(findings, field, socket.typedConfig, type);
      if (!outer) return NONE;
      findings.ignored(field, 'no PROXY header is sent');
      return socketTls(findings, outer.transportSocket, `${field}.transport_socket`);
    }
    default:
      // A socket that is not known may well encrypt: plain text in its place would be a silent downgrade.
      findings.invalid(
        field,
        `the transport socket ${socket.name} (${socket.typedConfig?.type_url}) is not supported`,
      );
      return NONE;
  }
}

function upstreamTls(findings: Findings, context: TlsContext, path: string): ClusterTls {
  const common = context.commonTlsContext ?? {};
  reportUnsupported(findings, 'CommonTlsContext', common, `${path}.common_tls_context.`);
  if (common.tlsParams) reportUnsupported(findings, 'TlsParameters', common.tlsParams, `${path}.tls_params.`);
  const validation =
    common.combinedValidationContext?.defaultValidationContext ?? common.validationContext ?? {};
  const subjectAltNames = exactNames(findings, validation, `${path}.common_tls_context.validation_context`);
  const rootSecret =
    common.combinedValidationContext?.validationContextSdsSecretConfig?.name ??
    common.validationContextSdsSecretConfig?.name ??
    '';
  const certSecret = common.tlsCertificateSdsSecretConfigs?.[0]?.name ?? '';
  if (certSecret === WORKLOAD_CERT && rootSecret === MESH_ROOT) {
    return { kind: 'istio-mutual', sni: context.sni ?? '', subjectAltNames };
  }
  return {
    kind: 'tls',
    ...(context.sni ? { sni: context.sni } : {}),
    subjectAltNames,
    ...versions(common),
    ...certificate(findings, common, certSecret, path),
    ...roots(findings, validation, rootSecret, path),
  };
}

function versions({ tlsParams }: CommonTls): { minVersion?: TlsVersion; maxVersion?: TlsVersion } {
  const minVersion = VERSIONS[tlsParams?.tlsMinimumProtocolVersion ?? 0];
  const maxVersion = VERSIONS[tlsParams?.tlsMaximumProtocolVersion ?? 0];
  return { ...(minVersion ? { minVersion } : {}), ...(maxVersion ? { maxVersion } : {}) };
}

/** A secret that is no file: only an Istio proxy with the right to read it gets it. Its calls are refused. */
function noFile(findings: Findings, field: string, secret: string): { unavailable: string } {
  const unavailable = `the secret ${secret} is not a file`;
  findings.ignored(field, `${unavailable}: calls to the cluster are refused`);
  return { unavailable };
}

/** Files of the client certificate. */
function certificate(
  findings: Findings,
  common: CommonTls,
  secret: string,
  path: string,
): Pick<UpstreamTls, 'certFile' | 'keyFile' | 'unavailable'> {
  if (secret.startsWith(FILE_CERT)) {
    const [certFile, keyFile] = secret.slice(FILE_CERT.length).split('~');
    if (certFile && keyFile) return { certFile, keyFile };
  }
  if (secret !== '') {
    return noFile(findings, `${path}.common_tls_context.tls_certificate_sds_secret_configs`, secret);
  }
  const inline = common.tlsCertificates?.[0];
  if (!inline) return {};
  const certFile = inline.certificateChain?.filename;
  const keyFile = inline.privateKey?.filename;
  if (certFile && keyFile) return { certFile, keyFile };
  findings.invalid(`${path}.common_tls_context.tls_certificates`, 'only certificates in files are supported');
  return {};
}

/** Where the roots are. Without any, Envoy does not verify the peer at all. */
function roots(
  findings: Findings,
  validation: Validation,
  secret: string,
  path: string,
): Pick<UpstreamTls, 'caFile' | 'crlFile' | 'insecureSkipVerify' | 'unavailable'> {
  const { ACCEPT_UNTRUSTED } = tls.CertificateValidationContext.TrustChainVerification;
  if (validation.trustChainVerification === ACCEPT_UNTRUSTED) return { insecureSkipVerify: true };
  const field = `${path}.common_tls_context.validation_context`;
  const strict = {
    verify_certificate_hash: validation.verifyCertificateHash?.length,
    verify_certificate_spki: validation.verifyCertificateSpki?.length,
    custom_validator_config: validation.customValidatorConfig,
    ca_certificate_provider_instance: validation.caCertificateProviderInstance,
  };
  for (const [name, value] of Object.entries(strict)) {
    if (value) findings.invalid(`${field}.${name}`, 'cannot be verified');
  }
  const crlFile = validation.crl?.filename;
  if (validation.crl && !crlFile) findings.invalid(`${field}.crl`, 'only lists in files are supported');
  const verified = { ...(crlFile ? { crlFile } : {}), insecureSkipVerify: false };
  if (secret.startsWith(FILE_ROOT)) return { ...fileOrSystem(secret.slice(FILE_ROOT.length)), ...verified };
  if (secret !== '') {
    const config = `${path}.common_tls_context.validation_context_sds_secret_config`;
    return { ...noFile(findings, config, secret), ...verified };
  }
  if (validation.systemRootCerts) return verified;
  const ca = validation.trustedCa;
  if (!ca) {
    const names = validation.matchTypedSubjectAltNames?.length || validation.matchSubjectAltNames?.length;
    if (names) findings.invalid(`${field}.trusted_ca`, 'is missing: names prove nothing without it');
    return { insecureSkipVerify: true };
  }
  if (!ca.filename) findings.invalid(`${field}.trusted_ca`, 'only roots in files are supported');
  return { ...fileOrSystem(ca.filename ?? ''), ...verified };
}

function fileOrSystem(file: string): { caFile?: string } {
  return file === SYSTEM_ROOTS || file === '' ? {} : { caFile: file };
}

/** Names that the peer's certificate must have one of. A pattern is refused: leaving it out would accept anyone. */
function exactNames(findings: Findings, validation: Validation, path: string): string[] {
  const typed = (validation.matchTypedSubjectAltNames ?? []).map((name) => name.matcher);
  const matchers = typed.length > 0 ? typed : (validation.matchSubjectAltNames ?? []);
  const names: string[] = [];
  matchers.forEach((matcher, index) => {
    if (matcher?.exact && !matcher.ignoreCase) names.push(matcher.exact);
    else
      findings.invalid(`${path}.match_typed_subject_alt_names[${index}]`, 'only exact names can be verified');
  });
  return names;
}
