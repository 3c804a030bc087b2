import { enumeration, portNumber, string, uint32 } from '../read/scalars';
import { type Infer, list, map, message, required } from '../read/schema';
import { workloadSelector } from './common';

export const workloadEntry = message('WorkloadEntry', {
  address: string(),
  ports: map(portNumber()),
  labels: map(string()),
  network: string(),
  locality: string(),
  weight: uint32(),
  serviceAccount: string(),
});
export type WorkloadEntry = Infer<typeof workloadEntry>;

const servicePort = message('ServicePort', {
  number: required(portNumber()),
  protocol: string(),
  name: required(string()),
  targetPort: portNumber(),
});
export type ServicePort = Infer<typeof servicePort>;

export const serviceEntry = message('ServiceEntry', {
  hosts: required(list(string())),
  addresses: list(string()),
  ports: list(servicePort),
  location: enumeration('MESH_EXTERNAL', 'MESH_INTERNAL'),
  resolution: enumeration('NONE', 'STATIC', 'DNS', 'DNS_ROUND_ROBIN', 'DYNAMIC_DNS'),
  endpoints: list(workloadEntry),
  workloadSelector,
  exportTo: list(string()),
  subjectAltNames: list(string()),
});
export type ServiceEntry = Infer<typeof serviceEntry>;
