import { enumeration, integer, string } from '../read/scalars';
import { type Infer, list, message, required } from '../read/schema';
import { destination, workloadSelector } from './common';

const egress = message('IstioEgressListener', {
  port: message('SidecarPort', { number: integer(0, 65535), protocol: string(), name: string() }),
  bind: string(),
  captureMode: enumeration('DEFAULT', 'IPTABLES', 'NONE'),
  hosts: required(list(string())),
});
export type EgressListener = Infer<typeof egress>;

export const sidecar = message(
  'Sidecar',
  {
    workloadSelector,
    egress: list(egress),
    outboundTrafficPolicy: message('OutboundTrafficPolicy', {
      mode: enumeration('REGISTRY_ONLY', 'ALLOW_ANY'),
      egressProxy: destination,
    }),
  },
  {
    ignored: {
      ingress: 'the inbound side is not served',
      inboundConnectionPool: 'the inbound side is not served',
    },
  },
);
export type Sidecar = Infer<typeof sidecar>;
